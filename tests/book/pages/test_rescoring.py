"""Published detections of three systems, counted as their authors count and otherwise."""

import numpy as np
import pandas as pd
import pytest

from causalex_book.data import lgsnet, mdmd
from causalex_book.publishing import paper
from causalex_book.spotting import rescoring
from causalex_core.data import auw_gcn, manifest
from causalex_core.data.annotations import CAS


@pytest.fixture(scope="module")
def tables(obtained):
    return obtained(rescoring, n_bootstrap=200).tables


def test_lgsnet_has_its_printed_f1_and_counts(tables):
    row = tables["published"].set_index("system").loc["LGSNet"]
    assert (row["tp"], row["n_pred"], row["n_truth"]) == (131, 208, 357)
    assert f"{row['f1']:.6f}" == paper.text("spotting", "lgsnet", "cas", "f1")
    assert f"{row['tp'] / row['n_pred']:.6f}" == paper.text(
        "spotting", "lgsnet", "cas", "precision"
    )


def test_all_printed_rows_of_mdmd_come_out_equal(tables):
    rows = tables["mdmd_rows"]
    assert rows["printed_rows"].sum() == 396
    assert rows["equal"].sum() == 396


def test_lgsnet_puts_missing_offsets_20_frames_after_the_apex_as_the_page_says(mirror):
    authors = lgsnet.annotations(manifest.require("lgsnet_detections"))
    source = manifest.require("auw_gcn_annotations")
    official = auw_gcn.read(source.path(auw_gcn.FILES[CAS]), CAS)
    both = official.merge(authors, on=["subject", "video", "onset"], suffixes=("", "_own"))
    missing = both[both["offset"].isna()]
    assert len(missing) == 44
    assert (missing["offset_own"] - missing["apex"] == 20).all()


def test_megc2024_log_agrees_with_its_own_verdicts_on_cas(tables):
    row = tables["published"].query("system == 'MEGC2024 entry' and database == 'CAS(ME)^2'")
    assert (
        row[["printed_tp", "printed_n_pred", "printed_n_truth"]].values.tolist()
        == row[["tp", "n_pred", "n_truth"]].values.tolist()
    )


def test_scores_have_every_protocol_policy_and_an_interval_around_them(tables):
    scores = tables["scores"]
    cas = scores.query("database == 'CAS(ME)^2'")
    assert set(cas["truths"]) == {"own table", "as_is", "apex", "mirrored", "drop"}
    assert set(scores["protocol"]) == {"megc", "auw", "auw_2023", "each_truth"}
    assert not scores.duplicated(["system", "database", "truths", "protocol", "kind"]).any()
    some = scores[scores["tp"] > 20]
    assert ((some["low"] < some["f1"]) & (some["f1"] < some["high"])).all()


def test_runs_of_a_mask_are_one_based_bounded_and_end_inside():
    mask = np.array([1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1], dtype=bool)
    assert mdmd.intervals(mask, 1, np.inf).tolist() == [[1, 2], [4, 6], [8, 8]]
    assert mdmd.intervals(mask, 2, 2).tolist() == [[1, 2]]
    assert mdmd.intervals(np.zeros(5, dtype=bool), 1, 9).shape == (0, 2)


def test_kept_detections_are_cut_ranked_and_truncated():
    table = pd.DataFrame(
        {
            "subject": "s",
            "video": "v",
            "onset": [1.9, 20.5, 30.2, 40.0],
            "offset": [9.9, 29.9, 39.9, 49.0],
            "score": [0.4859, 0.4860, 0.9, 0.7],
        }
    )
    kept = lgsnet.kept(table, threshold=0.485, top=2)
    assert kept["onset"].tolist() == [30, 40]
    assert lgsnet.kept(table, threshold=0.485)["onset"].tolist() == [20, 30, 40]
    assert lgsnet.kept(table, threshold=0.484)["offset"].tolist() == [9, 29, 39, 49]


def test_made_up_sources_give_all_tables(made_up):
    tables = rescoring.compute(rescoring.Config(n_bootstrap=20))
    published = tables["published"].set_index(["system", "database"])
    assert published.loc[("LGSNet", "CAS(ME)^2"), ["tp", "n_pred", "n_truth"]].tolist() == [3, 4, 3]
    entry = published.loc[("MEGC2024 entry", "CAS(ME)^2")]
    assert entry[["printed_tp", "tp", "n_pred", "n_truth"]].tolist() == [1, 1, 2, 2]
    assert tables["mdmd_rows"]["equal"].tolist() == [99, 99, 99, 98]
    authors = (
        tables["scores"].query("system == 'LGSNet' and protocol == 'megc'").set_index("truths")
    )
    assert authors["tp"].to_dict() == {
        "own table": 3,
        "as_is": 2,
        "apex": 3,
        "mirrored": 3,
        "drop": 2,
    }
