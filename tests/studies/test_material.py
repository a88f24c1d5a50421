"""The three inputs."""

import numpy as np
import pandas as pd
import pytest

from causalex_core.chapters import counterfactuals, graph_spotting
from causalex_core.datasets import auw_gcn
from causalex_core.errors import CausalexError
from causalex_core.motion.extract import Config, Motion
from causalex_core.spotter.graph import GraphConfig
from causalex_core.studies import material
from causalex_core.studies.variants import NONE, WHOLE

CAS = "CAS(ME)^2"
NAMES = ["casme_015_0401", "casme_016_0101", "casme_017_0101"]
ANNOTATIONS = pd.DataFrame(
    [
        (CAS, name[:9], name, onset, onset + 15.0, onset + 40.0, "macro", units, 30.0)
        for name, onset, units in zip(
            [*NAMES, "casme_019_0101"],
            (40.0, 300.0, 90.0, 5.0),
            ("12", "4+7", "14", "1"),
            strict=True,
        )
    ],
    columns=[
        *("database", "subject", "video", "onset", "apex", "offset"),
        *("kind", "action_units", "fps"),
    ],
)


@pytest.fixture
def annotated(monkeypatch):
    """Annotations as the published table has them."""

    class Source:
        def path(self, name):
            assert name == auw_gcn.FILES[CAS]
            return name

    monkeypatch.setattr(material.manifest, "require", lambda name: Source())
    monkeypatch.setattr(material.auw_gcn, "read", lambda path, database: ANNOTATIONS)


def motion(name, frames=400):
    generator = np.random.default_rng(len(name) + sum(map(ord, name)))
    return generator.normal(size=(frames, 12, 2)).astype(np.float32)


def archive(folder, names=NAMES):
    """AUW-GCN's features of some videos."""
    for name in names:
        padded = np.pad(motion(name), ((7, 512 - 400 + 7), (0, 0), (0, 0)))
        for offset in (0, 256):
            path = folder / "feature_segment" / "test" / name[:9] / f"{name}_{offset:04d}.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                path,
                feature=padded[offset : offset + 270],
                label=np.zeros((270, 8)),
                video_name=np.array(name),
            )
    return folder / "feature_segment"


def extracted(folder):
    """The same motion as our extraction would store it."""
    for name in NAMES:
        quality = np.zeros(400, np.uint8)
        measured = Motion(motion(name), quality, 30.0, 3, Config(), "invented")
        (folder / f"{name}.npz").write_bytes(measured.to_bytes())
    return folder


def extracted_from_the_database(folder):
    """The same, called as the folders of the database are."""
    for name in NAMES:
        own = folder / f"s{name[7:9]}" / f"{name[7:]}girlcrashing.npz"
        own.parent.mkdir()
        measured = Motion(motion(name), np.zeros(400, np.uint8), 30.0, 3, Config(), "invented")
        own.write_bytes(measured.to_bytes())
    return folder


@pytest.mark.parametrize("make", [archive, extracted, extracted_from_the_database])
def test_features_of_real_videos_become_material(make, tmp_path, annotated):
    folder = make(tmp_path)
    part = material.read(CAS, {CAS: str(folder)}, GraphConfig())
    assert part.subjects == ["casme_015", "casme_016", "casme_017"]
    assert part.windows.lengths == (400, 400, 400)
    assert np.array_equal(part.videos[1].motion, motion(NAMES[1]))
    assert len(part.truth) == 3  # the fourth video is not there
    assert CAS in part.name and part.name != CAS and part.drawn is None
    assert len(part.marks) == 3


def test_the_first_people_are_taken_alone(tmp_path, annotated):
    part = material.read(CAS, {CAS: str(archive(tmp_path))}, GraphConfig(), most_subjects=2)
    assert part.subjects == ["casme_015", "casme_016"] and len(part.truth) == 2


def test_real_features_take_the_way_of_the_synthetic_people(tmp_path, annotated, monkeypatch):
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path / "data"))
    given = {"features": {CAS: str(archive(tmp_path))}, "seeds": (1,), "epochs": 1}
    small = {"n_thresholds": 3, "n_bootstrap": 10}
    spotted = graph_spotting.compute(
        graph_spotting.Config(
            plans=((CAS, (NONE, WHOLE)),), nested=(WHOLE,), n_shifts=3, **given, **small
        )
    )
    assert spotted["scores"]["database"].unique() == [f"{CAS}, AUW-GCN's features"]
    assert (spotted["scores"].query("kind == 'macro'")["n_truth"] == 3).all()
    debiased = counterfactuals.compute(
        counterfactuals.Config(plans=((CAS, (WHOLE,)),), forms=("logits",), **given, **small)
    )
    assert len(debiased["debiasing"]) and len(debiased["rates"])
    assert not len(debiased["bias"]) and not len(debiased["odds"])  # nobody planted any


@pytest.mark.parametrize(
    ("database", "features", "said"),
    [
        ("casme", {}, "database 'casme': expected one of cas_like, samm_like"),
        (CAS, {}, "no features of .* given: name their folder"),
    ],
)
def test_what_is_not_there_is_one_line(database, features, said):
    with pytest.raises(CausalexError, match=said):
        material.read(database, features, GraphConfig())


def test_videos_of_other_names_are_refused(tmp_path, annotated):
    folder = archive(tmp_path, ["s15_01"])
    with pytest.raises(CausalexError, match="none of its 1 videos, such as 's15_01', is annotated"):
        material.read(CAS, {CAS: str(folder)}, GraphConfig())


def test_crossed_people_keep_apart_though_they_are_called_alike():
    source, target = (
        material.read(name, {}, GraphConfig(), 2) for name in ("cas_like", "samm_like")
    )
    both, others = material.crossed(source, target)
    assert len(both.subjects) == 4 and len(others) == 2
    assert len(both.truth) == len(source.truth) + len(target.truth)
    assert both.rules is source.rules and len(both.marks) == len(both.windows.names)
    assert set(both.truth["video"]) <= set(both.windows.names)
