"""Series, stretches and frames of expressions of a database."""

import numpy as np
import pandas as pd

from causalex_book.graphs import face_graphs
from causalex_book.graphs.face_graphs import Sampling, comparisons, expression_frames, place
from causalex_core.data.feature_archive import MarkedRecording
from causalex_core.data.region_motion import RegionMotion
from causalex_core.motion.record import MotionRecord


def database(*videos):
    """Videos (subject, frames) in which two brow regions of one person go together."""
    generator = np.random.default_rng(4)
    marked = []
    for number, (subject, frames) in enumerate(videos):
        motion = generator.normal(size=(frames, 12, 2)).astype(np.float32)
        first = ord(subject) - ord("a")
        motion[:, first + 1] = motion[:, first] + 0.1 * motion[:, first + 1]
        recording = MotionRecord(
            motion, np.zeros(frames, np.uint8), 30.0, subject=subject, video=f"{subject}{number}"
        )
        marked.append(MarkedRecording(recording, np.zeros((frames, 2, 4), bool)))
    columns = ["subject", "video", "onset", "apex", "offset", "kind"]
    rows = [("a", "a0", 3, 5, 9, "macro"), ("a", "a0", 20, 25, np.nan, "micro")]
    return RegionMotion("made up", 30.0, marked, pd.DataFrame(rows, columns=columns))


def test_every_pair_lies_somewhere():
    places = [place(i, j) for i in range(12) for j in range(i + 1, 12)]
    assert pd.Series(places).value_counts().tolist() == [24, 21, 11, 10]
    assert place(2, 3) == "other pairs of brow regions"
    assert place(6, 7) == place(0, 7) == "nose and any other"
    assert place(8, 10) == place(0, 1)


def test_videos_of_a_person_are_alike_and_stretches_are_as_long_as_asked(monkeypatch):
    seen = []
    monkeypatch.setattr(
        face_graphs, "fci", lambda series, *more: seen.append(series) or FCI(series, *more)
    )
    motion = database(("a", 250), ("a", 130), ("c", 260), ("c", 240), ("c", 110))
    found = {row["comparison"]: row for row in comparisons(motion, Sampling(), 120, 99, 1)}
    assert {len(one) for series in seen for one in series} == {120}
    assert [row["pairs"] for row in found.values()] == [3, 2, 4]  # the last video is too short
    assert found["two videos of one person"]["jaccard"] > found["two persons"]["jaccard"]
    assert found["halves of one video"]["same_marks"] > 0.5


FCI = face_graphs.fci


def test_frames_of_expressions_with_a_missing_offset_mirrored():
    inside = expression_frames(database(("a", 40), ("b", 40)))
    assert np.flatnonzero(inside["a0"]).tolist() == [*range(3, 10), *range(20, 31)]
    assert not inside["b1"].any()


def test_the_first_frames_are_left_out_of_every_video():
    motion = database(("a", 50), ("a", 60), ("b", 70))
    own = face_graphs.pooled(motion, Sampling(leave_out_first=15))
    assert {name: [len(one) for one in series] for name, series in own.items()} == {
        "a": [35, 45],
        "b": [55],
    }
