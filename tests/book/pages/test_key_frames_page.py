"""Wrong key frames and the flow of somebody else, on few people and on made-up maps."""

import matplotlib.pyplot as plt
import pytest

from causalex_book.recognition import key_frames
from causalex_book.recognition.key_frame_errors import LINEAR_APEX
from causalex_book.recognition.key_frames import CAUSALNET, HTNET, NO_CHANGE
from causalex_book.recognition.two_flows import ALIGNMENTS, AS_IS

SMALL = key_frames.Config(
    n_cohorts=1,
    most=2,
    levels=(0.2, 0.6),
    n_lessons=1,
    recognisers=("linear model", "linear model, onset to apex"),
    elsewhere=("linear model",),
    n_bootstrap=50,
)


@pytest.fixture(scope="module")
def tables(from_made_up_maps):
    return from_made_up_maps(key_frames, SMALL)


def test_every_law_is_judged_by_every_recogniser(tables):
    scores = tables["scores"]
    assert len(scores) == 2 * (1 + 2 * 2 + 3 * 2)
    assert set(scores["wrong"]) == {"all three", "onset", "apex", "offset"}
    true = scores[scores["level"] == 0]
    assert (true["change"] == 0).all()
    assert (scores["low"] <= scores["uf1"]).all()
    assert (scores["uf1"] <= scores["high"]).all()


def test_a_wrong_offset_says_nothing_to_who_sees_the_first_phase(tables):
    scores = tables["scores"]
    alone = scores[(scores["recogniser"] == LINEAR_APEX) & (scores["wrong"] == "offset")]
    assert len(alone) == 2
    assert (alone["change"] == 0).all()


def test_errors_grow_with_the_level_and_where_the_law_says(tables):
    errors = tables["errors"].set_index(["law", "wrong", "level"]).sort_index()
    for law in ("normal", "uniform"):
        each = errors.loc[(law, "all three")].sum(axis=1)
        assert 0 < each[0.2] < each[0.6]
    assert (errors.loc[("normal", "all three", 0.0)] == 0).all()
    assert errors.loc[("normal", "offset", 0.6), "offset"] > 0
    assert errors.loc[("normal", "offset", 0.6), "onset"] == 0


def test_a_flow_like_its_own_loses_nothing(tables):
    rows = tables["elsewhere"].set_index(["trained_on", "flow"])
    for home in (CAUSALNET, HTNET):
        assert rows.loc[(home, AS_IS), "uf1"] == rows.loc[(home, NO_CHANGE), "uf1"]
        assert rows.loc[(home, AS_IS), "gain"] == 0
    assert set(rows.index.unique("flow")) == {NO_CHANGE, *ALIGNMENTS}
    flows = tables["flows"].set_index(["flows", "channel"])
    assert flows.loc[("as they are", "strain"), "correlation"] == pytest.approx(1, abs=1e-5)


def test_figures_show_every_row(tables):
    scores = tables["scores"]
    drawn = key_frames.curves_figure(scores.query("law == 'normal' and wrong == 'all three'"))
    lines = [trace for trace in drawn.data if trace.name]
    assert [trace.name for trace in lines] == list(SMALL.recognisers)
    assert [len(trace.x) for trace in lines] == [3, 3]
    alone = scores.query("wrong != 'all three'")
    panels = key_frames.frames_figure(alone).axes
    assert [len(axis.get_lines()) for axis in panels] == [4, 4]
    panels = key_frames.other_flow_figure(tables["elsewhere"]).axes
    labels = [text.get_text() for text in panels[0].get_yticklabels()]
    assert labels == [NO_CHANGE, *ALIGNMENTS]
    plt.close("all")
