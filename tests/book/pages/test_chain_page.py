"""Spot, then recognise: the page on few videos, beside counts that are made another way."""

import numpy as np
import pandas as pd
import pytest

from causalex_book.chain import chain, figures_chain
from causalex_book.recognition import filmed, spotted
from causalex_core.data.causalnet import EMOTIONS
from causalex_core.errors import CausalexError
from causalex_core.evaluation import chain as score
from causalex_core.expressions import FRAMES
from causalex_core.recognition import checkpoints

SMALL = {"plans": ("samm_like",), "seeds": (104,), "most_videos": 10, "n_bootstrap": 50}


@pytest.fixture(scope="module")
def config():
    return chain.Config(**SMALL)


@pytest.fixture(scope="module")
def tables(config):
    return chain.compute(config)


@pytest.fixture(scope="module")
def counted(config):
    """The same through tables of emotions, as a stranger would score them."""
    people = chain._people("samm_like", 104, config)
    found = spotted.detections(people)
    recogniser = checkpoints.load()
    emotions = []
    for row in found.to_dict("records"):
        shown = people.expressions[people.expressions["video"] == row["video"]].index
        emotion = "nothing"  # where the video has no expression, nothing can be drawn by its row
        if len(shown):
            frames = np.array([[row[name] for name in FRAMES]])
            image = filmed.clips(people, [shown[0]], frames, recogniser.flow)
            emotion = checkpoints.named(recogniser(image))[0]
        emotions.append(emotion)
    return score.count(people.expressions, found.assign(emotion=emotions), EMOTIONS)


def test_it_is_the_score_of_tables_of_emotions(tables, counted):
    for kind in ("macro", "micro", "overall"):
        own = counted[kind]
        f1, uf1, strs = score.scores(own.spotting.sum(0), own.emotions.sum(0))
        spotting = tables["spotting"].query("kind == @kind").iloc[0]
        assert spotting[["tp", "n_pred", "n_truth"]].tolist() == own.spotting.sum(0).tolist()
        assert spotting["f1"] == pytest.approx(f1)
        named = tables["recognition"].query("kind == @kind and system == @chain.FOUND").iloc[0]
        assert named["uf1"] == pytest.approx(uf1)
        last = tables["steps"].query("kind == @kind").iloc[-1]
        assert last["strs"] == pytest.approx(strs)
    assert counted["overall"].spotting.sum(0)[0] > 3


def test_steps_lead_from_recognition_alone_to_the_score(tables):
    for kind in ("macro", "micro", "overall"):
        rows = tables["steps"][tables["steps"]["kind"] == kind]
        alone = tables["recognition"].set_index(["kind", "system"]).loc[(kind, chain.ALL), "uf1"]
        assert rows["strs"].iloc[0] == pytest.approx(alone)
        np.testing.assert_allclose(rows["strs"].diff().iloc[1:], rows["change"].iloc[1:])
        assert (rows["change"].iloc[1:3] <= 0).all()
        assert (rows["low"] <= rows["strs"]).all() and (rows["strs"] <= rows["high"]).all()


def test_as_many_hits_are_recognised_as_there_are(tables):
    counts = tables["recognition"].set_index(["kind", "system"])["expressions"]
    for kind in ("macro", "micro"):
        assert counts[kind, chain.TRUE] == counts[kind, chain.FOUND] <= counts[kind, chain.ALL]
        errors = tables["errors"].query("kind == @kind")
        assert set(errors["hits"]) == {tables["spotting"].query("kind == @kind")["tp"].item()}
    people = tables["people"].iloc[0]
    assert people["videos"] == 10 and people["people"] < 10
    assert counts["macro", chain.ALL] == people["macro_named"]
    shares = tables["histogram"].groupby(["kind", "frame"])["share"].sum()
    assert shares["macro"].to_numpy() == pytest.approx(1)


def test_people_whom_the_recogniser_knows_are_refused():
    with pytest.raises(CausalexError, match=r"'seeds' .*: \[1001\] given"):
        chain.Config(seeds=(101, 1001))


def test_two_plans_are_added_up(monkeypatch, config):
    part = chain._part(chain._people("samm_like", 104, config), checkpoints.load())
    monkeypatch.setattr(chain, "_part", lambda people, recogniser: part)
    found = chain.compute(chain.Config(**SMALL | {"plans": ("cas_like", "samm_like")}))["spotting"]
    counts = found.pivot(index="kind", columns="plan", values="tp")
    assert (counts[chain.BOTH] == 2 * counts["samm_like"]).all()
    scores = found.pivot(index="kind", columns="plan", values="f1")
    pd.testing.assert_series_equal(scores[chain.BOTH], scores["cas_like"], check_names=False)


def test_figures_show_the_tables(tables):
    steps = figures_chain.steps(tables["steps"], ("macro", "micro"))
    assert [axis.get_title("left") for axis in steps.axes] == ["macro", "micro"]
    widths = [bar.get_width() for bar in steps.axes[0].patches]
    macro = tables["steps"].query("kind == 'macro'")["strs"]
    assert widths == pytest.approx(macro.tolist())
    errors = figures_chain.errors(tables["histogram"])
    assert [axis.get_title("left") for axis in errors.axes] == list(FRAMES)
    drawn = errors.axes[0].lines[0].get_ydata()
    assert drawn[-1] == pytest.approx(100) and (np.diff(drawn) >= 0).all()
