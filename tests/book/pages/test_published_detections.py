"""Readers of published detections, on made-up files in the published layout."""

import pytest

from causalex_book.data import lgsnet, mdmd, megc2024
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.errors import CausalexError


def test_lgsnet_detections_and_annotations(made_up):
    source = made_up["lgsnet_detections"]
    found = lgsnet.detections(source)
    assert len(found) == 12
    assert set(found["subject"]) == {"casme_015", "casme_016"}
    assert set(found["video"]) == {"casme_015_0401", "casme_016_0401"}
    assert found[["epoch", "onset", "offset", "score"]].iloc[0].tolist() == [0, 3.4, 12.6, 0.9]
    truth = lgsnet.annotations(source)
    assert truth["kind"].tolist() == ["macro", "micro", "macro"]
    assert truth["video"].tolist() == ["casme_015_0401", "casme_015_0401", "casme_016_0401"]


def test_a_file_that_is_no_detection_is_refused_by_name(made_up):
    source = made_up["lgsnet_detections"]
    name = source.files[0]
    source.contents[name] = "15_0401girlcrashing\tone\ttwo\tthree\n"
    with pytest.raises(CausalexError, match="test_00"):
        lgsnet.detections(source)


def test_mdmd_masks_become_bounded_runs(made_up):
    source = made_up["mdmd_baseline"]
    assert mdmd.masks(source, CAS, "macro")["casme_015_0401"].shape == (99, 40)
    macro = mdmd.detections(source, CAS, "macro")
    # the run up to the last frame is dropped, the other is long enough
    assert macro[["p", "onset", "offset"]].to_numpy().tolist() == [[1, 2, 20], [2, 2, 20]]
    micro = mdmd.detections(source, CAS, "micro")
    assert micro["offset"].tolist() == [9, 9]  # three frames are too short
    assert mdmd.detections(source, SAMM, "macro").empty
    truth = mdmd.annotations(source, SAMM)
    assert truth["video"].tolist() == ["samm_006_1"] * 2
    printed = mdmd.printed_counts(source, CAS, "macro")
    assert len(printed) == 99
    assert printed.iloc[0].tolist() == [1, 1, 1, 1]


def test_megc2024_log_splits_into_truths_and_detections(made_up):
    log = megc2024.log(made_up["megc2024_logs"], CAS)
    assert log["subject"].unique().tolist() == ["casme_015"]
    assert megc2024.truths(log)["onset"].tolist() == [4, 27]
    assert megc2024.detections(log)["onset"].tolist() == [5, 30]
    assert megc2024.log(made_up["megc2024_logs"], SAMM)["video"].tolist() == ["samm_006_1"] * 2
