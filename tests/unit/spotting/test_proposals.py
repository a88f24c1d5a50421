"""Proposals and detections against the reference's, and across window borders."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from causalex_core.errors import CausalexError
from causalex_core.spotting.data import Video, gather
from causalex_core.spotting.model import FRAMES
from causalex_core.spotting.proposals import (
    CAS,
    SAMM,
    ProposalConfig,
    ProposalRule,
    choose,
    detect,
    probabilities,
    propose,
)

COLUMNS = ["onset", "offset", "onset_score", "offset_score", "apex_score", "score"]
TYPES = {"macro": 1, "micro": 2}
EMPTY = pd.DataFrame(columns=["subject", "video", "onset", "apex", "offset", "kind"])


def windows_of(lengths):
    videos = [
        Video("s1", f"v{number}", np.zeros((frames, 12, 2), np.float32))
        for number, frames in enumerate(lengths)
    ]
    return gather(videos, EMPTY)


def config_of(parameters):
    rules = {
        kind: ProposalRule(
            parameters[f"{kind}_apex_score_threshold"],
            (parameters[f"{kind}_left_min_dis"], parameters[f"{kind}_left_max_dis"]),
            (parameters[f"{kind}_min"], longest),
            parameters[f"nms_top_K_{kind}"],
        )
        for kind, longest in (
            ("micro", parameters["micro_max"]),
            ("macro", int(parameters["macro_average_len"] * 1.5)),
        )
    }
    return ProposalConfig(**rules, variant="released")


def test_reference_proposals_and_detections(oracles):
    meta = json.loads((oracles / "auw_gcn" / "proposal_cases_meta.json").read_text())
    with np.load(oracles / "auw_gcn" / "proposal_cases.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    windows = windows_of([512, 256])
    assert len(meta) == 9
    for case in meta:
        name, config = case["case"], config_of(case["params"])
        database = CAS if case["config"] == "cas(me)^2" else SAMM
        assert (config.micro, config.macro) == (database.micro, database.macro)
        logits = torch.from_numpy(arrays[f"{name}_logits"])
        found = propose(probabilities(logits).numpy(), windows, config)
        detections = choose(found, windows, config)
        # the second video's only window stands at frame 512 there
        found.loc[found["video"] == 1, ["onset", "offset"]] += 512
        rows = found[COLUMNS].to_numpy(float)
        reference = arrays[f"{name}_proposals"]
        key = np.column_stack([found["video"], found["kind"].map(TYPES).astype(float), rows])
        expected = np.column_stack(
            [reference[:, 0], reference[:, 6], reference[:, [1, 2, 3, 4, 5, 7]]]
        )
        assert len(key) == len(expected) == case["n_proposals"]
        np.testing.assert_allclose(ordered(key), ordered(expected), rtol=1e-6)
        later = detections["video"] == "v1"
        kept = np.column_stack(
            [
                later.astype(float),
                detections["onset"] + 512 * later,
                detections["offset"] + 512 * later,
                detections["kind"].map(TYPES).astype(float),
                detections["score"],
            ]
        )
        expected = arrays[f"{name}_nms"][:, [0, 1, 2, 4, 3]]
        if case["kind"] in ("edge", "tie"):
            assert len(kept) == len(expected)
            np.testing.assert_allclose(np.sort(kept[:, 4]), np.sort(expected[:, 4]), rtol=1e-6)
        else:
            np.testing.assert_allclose(ordered(kept), ordered(expected), rtol=1e-6)


def ordered(rows):
    """Rows by video, kind and frames, then by score."""
    return rows[np.lexsort(rows[:, [-1, 3, 2, 1, 0]].T)]


def bumps(frames, events):
    """Score curves with one clear expression per (kind, onset, apex, offset)."""
    curves = np.zeros((2, 3, frames), np.float32)
    for kind, *places in events:
        for head, place in zip((0, 2, 1), places, strict=True):
            curves[kind, head, place] = 0.9
    return curves.reshape(2, 3, -1, 256).transpose(2, 0, 1, 3)


def test_an_expression_across_a_border_is_found_only_on_the_whole_curve():
    windows = windows_of([512])
    scores = bumps(512, [(1, 245, 254, 268), (0, 300, 303, 306)])
    sound = detect(scores, windows)
    assert sound[["onset", "apex", "offset", "kind"]].to_numpy().tolist() == [
        [300, 303, 306, "micro"],
        [245, 254, 268, "macro"],
    ]
    np.testing.assert_allclose(sound["score"], 0.9**3, rtol=1e-5)
    released = detect(scores, windows, ProposalConfig(variant="released"))
    assert released[["onset", "offset", "kind"]].to_numpy().tolist() == [[301, 307, "micro"]]


def test_nothing_is_found_beyond_the_end_of_a_video():
    scores = bumps(256, [(0, 100, 103, 106), (0, 150, 153, 156)])
    windows = windows_of([130])
    assert detect(scores, windows)["onset"].tolist() == [100]
    assert len(detect(scores, windows, ProposalConfig(variant="released"))) == 2


def test_a_subset_of_videos():
    windows = windows_of([300, 100, 300])
    positions = np.array([2, 3, 4])
    scores = np.concatenate([bumps(256, [(0, 10, 13, 16)]), bumps(512, [(0, 270, 273, 276)])])
    found = detect(scores, windows, positions=positions)
    assert found[["video", "onset"]].to_numpy().tolist() == [["v1", 10], ["v2", 270]]
    with pytest.raises(CausalexError, match=r"\(3, 2, 3, 256\).*\(5, 2, 3, 256\)"):
        detect(scores, windows)


def test_probabilities_are_those_of_the_heads():
    logits = torch.randn(2, 10, FRAMES, generator=torch.Generator().manual_seed(1))
    found = probabilities(logits)
    assert found.shape == (2, 2, 3, 256)
    middle = logits[..., 7:263]
    torch.testing.assert_close(found[:, 1, 1], middle[:, 3:6].softmax(1)[:, 1])
    torch.testing.assert_close(found[:, 0, 2], middle[:, 6].sigmoid())


def test_silence_gives_an_empty_table():
    found = detect(np.zeros((1, 2, 3, 256), np.float32), windows_of([200]))
    assert len(found) == 0
    assert list(found) == ["subject", "video", "onset", "apex", "offset", "kind", "score"]
