"""``causalex cohort``."""

import json

import numpy as np
import pandas as pd
import pytest

from causalex_core import cli
from causalex_synthetic import command, dataset_spec

SMALL = dataset_spec.DatasetSpec(
    "synthetic, small",
    30.0,
    2,
    3,
    (4.0,) * 7,
    {
        "macro": dataset_spec.KindSpec(2, (0.3,) * 7, (0.4,) * 7, (0.3, 1.0)),
        "micro": dataset_spec.KindSpec(1, (0.1,) * 7, (0.2,) * 7, (0.05, 0.15)),
    },
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr("causalex_synthetic.dataset.SPECS", {"cas_like": SMALL})


def test_it_writes_motion_truth_and_causes(tmp_path, capsys):
    folder = tmp_path / "people"
    assert cli.main(["cohort", str(folder), "--pixels", "1"]) == 0
    assert "2 people, 3 videos, 3 expressions" in capsys.readouterr().out
    table = pd.read_csv(folder / "expressions.csv")
    assert list(table["kind"].value_counts().sort_index()) == [2, 1]
    name = sorted(path.stem for path in (folder / "motion").iterdir())[0]
    with np.load(folder / "motion" / f"{name}.npz", allow_pickle=False) as motion:
        assert motion["motion"].shape == (120, 12, 2)
    with np.load(folder / "truth" / f"{name}.npz", allow_pickle=False) as truth:
        assert truth["units"].shape == (120, len(truth["unit_numbers"]))
    causes = json.loads((folder / "causes.json").read_text())
    assert ["left brow, inner", "left brow, middle"] in causes["arrows"]
    assert len(list((folder / "pixels" / name).glob("*.png"))) == 120
    assert np.load(folder / "pixels" / f"{name}.npy").shape == (120, 68, 2)
    description = json.loads((folder / "cohort.json").read_text())
    assert description["planted"]["emotion_chances"]["tied"]["micro"]["negative"] == 0.9


def test_a_second_run_keeps_what_is_there_and_replaces_what_is_missing(tmp_path):
    folder = tmp_path / "people"
    assert cli.main(["cohort", str(folder)]) == 0
    files = sorted((folder / "motion").iterdir())
    before = [file.read_bytes() for file in files]
    files[0].unlink()
    kept = files[1].stat().st_mtime_ns
    assert cli.main(["cohort", str(folder)]) == 0
    assert [file.read_bytes() for file in files] == before
    assert files[1].stat().st_mtime_ns == kept


def test_another_cohorts_folder_is_left_alone(tmp_path, capsys):
    folder = tmp_path / "people"
    assert cli.main(["cohort", str(folder)]) == 0
    before = (folder / command.DESCRIPTION).read_bytes()
    assert cli.main(["cohort", str(folder), "--seed", "2"]) == 2
    assert "holds another cohort" in capsys.readouterr().err
    assert (folder / command.DESCRIPTION).read_bytes() == before
