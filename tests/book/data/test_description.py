import numpy as np
import pandas as pd
import pytest

from causalex_book.data import description
from causalex_core.data.annotations import CAS

NAN = np.nan
LENGTHS = pd.DataFrame(
    {
        "database": CAS,
        "subject": ["s1", "s1", "s2"],
        "video": ["a", "b", "c"],
        "frames": [900, 900, 1800],
        "fps": 30.0,
    }
)


@pytest.fixture
def table():
    rows = [
        ("s1", "a", 0, 4, 14, "micro", "4+7"),
        ("s1", "a", 10, 12, 39, "macro", "L12B or 14"),
        ("s1", "a", 40, 50, NAN, "macro", "glare"),
        ("s2", "c", 5, 9, 20, "micro", "4"),
        ("s2", "c", 100, 130, 2000, "macro", "ref(12)+38"),
    ]
    columns = ["subject", "video", "onset", "apex", "offset", "kind", "action_units"]
    frame = pd.DataFrame(rows, columns=columns).assign(database=CAS, fps=30.0)
    return frame.astype({"onset": float, "apex": float, "offset": float})


def _dictionary(frame, key, value):
    return dict(zip(frame[key], frame[value], strict=True))


def test_overview(table):
    found = _dictionary(description.overview(table, LENGTHS), "what", "value")
    assert found == {
        "subjects": 2,
        "subjects without a micro-expression": 0,
        "videos": 3,
        "videos without an expression": 1,
        "minutes of video, rounded": 2,
        "frames per second": 30,
        "macro-expressions": 3,
        "micro-expressions": 2,
        "expressions per video, median": 2,
        "expressions per video, most": 3,
    }


def test_videos_per_subject():
    found = description.videos_per_subject({CAS: LENGTHS})
    assert _dictionary(found, "videos", "subjects") == {1: 1, 2: 1}


def test_durations_count_both_ends_and_leave_out_missing_offsets(table):
    found = description.durations(table).set_index("kind")
    assert found.loc["micro", "expressions"] == 2
    assert found.loc["micro", "longest"] == pytest.approx(16 / 30)
    assert found.loc["macro", "expressions"] == 2
    assert found.loc["macro", "shortest"] == pytest.approx(1)


def test_duration_curves_end_at_all_expressions(table):
    curves = description.duration_curves(table.iloc[:4], 4)
    assert curves["seconds"].min() == 0.125
    assert curves["seconds"].max() == 32
    micro = curves[curves["kind"] == "micro"].set_index("seconds")["share"]
    assert micro.loc[0.5] == 0.5
    assert micro.iloc[-1] == 1
    assert micro.is_monotonic_increasing


def test_half_a_second_depends_on_the_counting(table):
    found = description.half_second(table).set_index(["kind", "counting"])["against_the_rule"]
    assert found["micro", "difference"] == 0
    assert found["micro", "inclusive"] == 1
    assert found["macro", "difference"] == 0


def test_action_units_count_expressions(table):
    found = description.action_units(table).set_index(["kind", "unit"])
    assert found.loc[("micro", 4), "expressions"] == 2
    assert found.loc[("micro", 4), "percent"] == 100
    assert found.loc[("macro", 12), "expressions"] == 2
    assert found.loc[("macro", 12), "of"] == 3
    assert ("macro", 4) not in found.index


def test_reading_counts_what_the_parser_met(table):
    found = _dictionary(description.reading(table), "what", CAS)
    assert found == {
        "expressions": 5,
        "bare numbers only": 2,
        "with a side or part of the face": 1,
        "with an intensity": 1,
        "with an alternative": 1,
        "inside ref(...)": 1,
        "with unread words or signs": 1,
        "without any unit": 1,
    }


def test_overlaps_share_a_frame(table):
    found = _dictionary(description.overlaps(table, CAS), "pair", "number")
    assert found == {
        "macro and macro": 0,
        "macro and micro": 1,
        "micro and micro": 0,
        "any two": 1,
        "expressions involved": 2,
    }


def test_oddities_know_where_a_video_ends(table):
    found = _dictionary(description.counted_oddities(table, LENGTHS), "oddity", "expressions")
    assert found == {
        "offset not annotated": 1,
        "onset at frame 0": 1,
        "offset after the end of the video": 1,
    }
