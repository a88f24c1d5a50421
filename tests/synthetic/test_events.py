"""Who shows what, and when."""

import numpy as np
import pytest

from causalex_core.errors import CausalexError
from causalex_core.expressions import KINDS
from causalex_synthetic import dataset_spec, events, people


def drawn(spec, seed=1, tie=0.9, biased=0.5):
    generator = np.random.default_rng(seed)
    persons = people.draw(generator, spec.subjects, biased)
    return events.draw(generator, spec, persons, tie)


@pytest.mark.parametrize("spec", dataset_spec.SPECS.values(), ids=list(dataset_spec.SPECS))
def test_numbers_are_those_of_the_plan(spec):
    videos = drawn(spec)
    table = events.table(spec, videos)
    assert len(videos) == spec.videos == len({video.name for video in videos})
    assert len({video.person.subject for video in videos}) == spec.subjects
    assert table["kind"].value_counts().to_dict() == {
        kind: spec.kinds[kind].count for kind in KINDS
    }


@pytest.mark.parametrize("spec", dataset_spec.SPECS.values(), ids=list(dataset_spec.SPECS))
def test_times_are_those_of_the_plan(spec):
    table = events.table(spec, drawn(spec))
    assert (table["onset"] >= 0).all()
    assert (table["onset"] < table["apex"]).all() and (table["apex"] < table["offset"]).all()
    seconds = (table["offset"] - table["onset"]) / spec.fps
    assert seconds[table["kind"] == "micro"].max() <= dataset_spec.LONGEST_MICRO
    macro = table["kind"] == "macro"
    rise = ((table["apex"] - table["onset"]) / spec.fps)[macro].median()
    assert rise == pytest.approx(spec.kinds["macro"].rise[3], abs=2 / spec.fps)


def test_expressions_of_one_drive_do_not_overlap_and_lie_inside_their_video():
    spec = dataset_spec.SAMM_LIKE
    for video in drawn(spec):
        last = dict.fromkeys(events.causes.EMOTIONS, -1)
        for event in video.events:
            assert last[event.emotion] < event.onset
            last[event.emotion] = event.offset
            assert event.offset < video.frames


def test_the_tie_holds_for_tied_people_only_and_keeps_the_frequency():
    spec = dataset_spec.CAS_LIKE
    free = events.emotion_chances(spec, "free", "micro", 0.9)
    assert free == events.emotion_chances(spec, "free", "macro", 0.9)
    biased = {kind: events.emotion_chances(spec, "tied", kind, 0.9) for kind in KINDS}
    assert biased["micro"]["negative"] == 0.9
    total = sum(spec.kinds[kind].count * biased[kind]["negative"] for kind in KINDS)
    assert total == pytest.approx(free["negative"] * 357)
    for chances in (free, *biased.values()):
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
    persons = people.draw(np.random.default_rng(0), 20, 0.5)
    for values in ([p.tone for p in persons], [p.shape for p in persons]):
        assert np.array_equal(np.sort(np.floor(np.array(values) * 20)), np.arange(20))
    assert sum(p.tie == "tied" for p in persons) == 10


def test_too_much_for_too_little_time_is_refused():
    crowded = dataset_spec.DatasetSpec(
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


def test_distractors_have_one_unit_and_no_label():
    spec = dataset_spec.SAMM_LIKE
    videos = drawn(spec)
    distracting = events.with_distractors(np.random.default_rng(0), spec, videos, 2.0)
    assert [video.events for video in distracting] == [video.events for video in videos]
    assert events.table(spec, distracting).equals(events.table(spec, videos))
    every = [distractor for video in distracting for distractor in video.distractors]
    assert 0.9 * 1004 < len(every) <= 1004  # some would outlast their video
    assert all(np.count_nonzero(distractor.intensities) == 1 for distractor in every)
    for video in distracting:
        assert all(distractor.offset < video.frames for distractor in video.distractors)
