"""What systems make of people: a planted bias, and error rates of frames by group.

Of real people neither biases nor attributes are known: the functions on them yield nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from causalex_book.spotting.material import SpottingDataset
from causalex_core.evaluation import fairness
from causalex_core.expressions import KINDS
from causalex_synthetic import planted
from causalex_synthetic.dataset import SyntheticDataset
from causalex_synthetic.people import TIES


class System(NamedTuple):
    """What made detections: a variant, and what was taken from its scores."""

    variant: str
    counterfactual: str
    form: str


def tied(part: SpottingDataset) -> int:
    """How many people have the tied unit; none are known of real ones."""
    if part.drawn is None:
        return 0
    people = part.drawn.attributes.set_index("subject").loc[part.subjects]
    return int((people["tie"] == TIES[0]).sum())


def bias(
    part: SpottingDataset, found: Mapping[System, Sequence[pd.DataFrame]]
) -> Iterator[dict[str, object]]:
    """Small expressions, and small movements that are none, with the tied unit and without."""
    if part.drawn is None:
        return
    distractors = planted.distractors(part.drawn)
    for system, tables in found.items():
        for event, events in (("expression", part.truth), ("fidget", distractors)):
            for row in planted.detected(events, tables, _groups(part, part.drawn)):
                yield {"database": part.name, **system._asdict(), "event": event, **row}


def alarms(
    part: SpottingDataset, found: Mapping[System, Sequence[pd.DataFrame]]
) -> Iterator[dict[str, object]]:
    """Micro-expressions that are none, and minutes in which they are found."""
    if part.drawn is None:
        return
    frames_of = pd.Series(part.windows.lengths).groupby(list(part.windows.subjects)).sum()
    groups = _groups(part, part.drawn)
    for system, tables in found.items():
        counted = planted.false_alarms(part.truth, tables, groups)
        for group, own in groups.items():
            yield {
                "database": part.name,
                **system._asdict(),
                "people": group,
                "false_alarms": counted[group],
                "minutes": float(frames_of[own].sum()) / part.fps / 60,
            }


def _groups(part: SpottingDataset, drawn: SyntheticDataset) -> dict[str, list[str]]:
    """Tied and free people who take part."""
    return {
        group: [name for name in own if name in part.subjects]
        for group, own in planted.people(drawn).items()
    }


def cells(
    part: SpottingDataset, found: Mapping[System, Sequence[pd.DataFrame]]
) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """Frames by subject, truth and prediction, of all seeds together."""
    lengths = dict(zip(part.windows.names, part.windows.lengths, strict=True))
    place = {name: number for number, name in enumerate(part.subjects)}
    owner = np.repeat([place[name] for name in part.windows.subjects], part.windows.lengths)
    for system, tables in found.items():
        for kind in KINDS:
            truth, *predicted = (
                fairness.covered(table[table["kind"] == kind], lengths)
                for table in (part.truth, *tables)
            )
            row: dict[str, object] = {"database": part.name, **system._asdict(), "kind": kind}
            times = len(predicted)
            yield (
                row,
                fairness.cells(
                    np.tile(owner, times), np.tile(truth, times), np.concatenate(predicted)
                ),
            )


def odds(
    part: SpottingDataset, counted: pd.DataFrame, n_bootstrap: int
) -> Iterator[dict[str, object]]:
    """Equalized odds difference between halves of the people, by frames.

    A half without frames of expressions, or with nothing else, is left out of that rate.
    """
    if part.drawn is None:
        return
    people = part.drawn.attributes.set_index("subject").loc[part.subjects]
    halves = {
        "tone": people["tone"] > 0.5,
        "shape": people["shape"] > 0.5,
        "tie": people["tie"] == TIES[0],
    }
    for attribute, half in halves.items():
        subject = counted["subject"].to_numpy()
        gap = fairness.equalized_odds_gap(
            counted["truth"].to_numpy(),
            counted["predicted"].to_numpy(),
            half.to_numpy()[subject],
            subject,
            n_bootstrap,
            seed=1,
            frames=counted["frames"].to_numpy(),
        )
        yield {
            "attribute": attribute,
            "gap": gap.estimate,
            "low": gap.low,
            "high": gap.high,
            "groups_left_out": gap.groups_left_out,
            "resamples_left_out": gap.left_out,
        }
