"""Who shows what, and when."""

import numpy as np
import pytest

from causalex_core.errors import CausalexError
from causalex_core.expressions import KINDS
from causalex_synthetic import dataset_spec, events, people


def drawn(plan, seed=1, tie=0.9, tied=0.5):
    generator = np.random.default_rng(seed)
    who = people.draw(generator, plan.subjects, tied)
    return events.draw(generator, plan, who, tie)


@pytest.mark.parametrize("plan", dataset_spec.PLANS.values(), ids=list(dataset_spec.PLANS))
def test_numbers_are_those_of_the_plan(plan):
    videos = drawn(plan)
    table = events.table(plan, videos)
    assert len(videos) == plan.videos == len({video.name for video in videos})
    assert len({video.person.subject for video in videos}) == plan.subjects
    assert table["kind"].value_counts().to_dict() == {
        kind: plan.kinds[kind].count for kind in KINDS
    }


@pytest.mark.parametrize("plan", dataset_spec.PLANS.values(), ids=list(dataset_spec.PLANS))
def test_times_are_those_of_the_plan(plan):
    table = events.table(plan, drawn(plan))
    assert (table["onset"] >= 0).all()
    assert (table["onset"] < table["apex"]).all() and (table["apex"] < table["offset"]).all()
    seconds = (table["offset"] - table["onset"]) / plan.fps
    assert seconds[table["kind"] == "micro"].max() <= dataset_spec.LONGEST_MICRO
    macro = table["kind"] == "macro"
    rise = ((table["apex"] - table["onset"]) / plan.fps)[macro].median()
    assert rise == pytest.approx(plan.kinds["macro"].rise[3], abs=2 / plan.fps)


def test_expressions_of_one_drive_do_not_overlap_and_lie_inside_their_video():
    plan = dataset_spec.SAMM_LIKE
    for video in drawn(plan):
        last = dict.fromkeys(events.causes.EMOTIONS, -1)
        for event in video.events:
            assert last[event.emotion] < event.onset
            last[event.emotion] = event.offset
            assert event.offset < video.frames


def test_the_tie_holds_for_tied_people_only_and_keeps_the_frequency():
    plan = dataset_spec.CAS_LIKE
    free = events.emotion_chances(plan, "free", "micro", 0.9)
    assert free == events.emotion_chances(plan, "free", "macro", 0.9)
    tied = {kind: events.emotion_chances(plan, "tied", kind, 0.9) for kind in KINDS}
    assert tied["micro"]["negative"] == 0.9
    total = sum(plan.kinds[kind].count * tied[kind]["negative"] for kind in KINDS)
    assert total == pytest.approx(free["negative"] * 357)
    for chances in (free, *tied.values()):
        assert sum(chances.values()) == pytest.approx(1)


def test_units_of_one_expression():
    strengths = [0.0] * len(events.NUMBERS)
    strengths[events.NUMBERS.index(9)] = 0.1
    event = events.Event(0, 3, 9, "micro", "negative", tuple(strengths))
    assert event.action_units == "9+10"  # AU10 follows with 0.6 of AU9


def test_the_same_seed_gives_the_same_people_and_events():
    assert drawn(dataset_spec.CAS_LIKE) == drawn(dataset_spec.CAS_LIKE)
    assert drawn(dataset_spec.CAS_LIKE) != drawn(dataset_spec.CAS_LIKE, seed=2)


def test_tone_and_shape_are_spread_evenly():
    who = people.draw(np.random.default_rng(0), 20, 0.5)
    for values in ([p.tone for p in who], [p.shape for p in who]):
        assert np.array_equal(np.sort(np.floor(np.array(values) * 20)), np.arange(20))
    assert sum(p.tie == "tied" for p in who) == 10


def test_too_much_for_too_little_time_is_refused():
    crowded = dataset_spec.Plan(
        "crowded",
        30.0,
        1,
        1,
        (1.0,) * 7,
        {
            "macro": dataset_spec.CAS_LIKE.kinds["macro"],
            "micro": dataset_spec.CAS_LIKE.kinds["micro"],
        },
    )
    with pytest.raises(CausalexError, match="no room for a macro-expression in 1 videos"):
        drawn(crowded)


def test_fidgets_have_one_unit_and_no_label():
    plan = dataset_spec.SAMM_LIKE
    videos = drawn(plan)
    fidgeting = events.with_fidgets(np.random.default_rng(0), plan, videos, 2.0)
    assert [video.events for video in fidgeting] == [video.events for video in videos]
    assert events.table(plan, fidgeting).equals(events.table(plan, videos))
    every = [fidget for video in fidgeting for fidget in video.fidgets]
    assert 0.9 * 1004 < len(every) <= 1004  # some would outlast their video
    assert all(np.count_nonzero(fidget.intensities) == 1 for fidget in every)
    for video in fidgeting:
        assert all(fidget.offset < video.frames for fidget in video.fidgets)
