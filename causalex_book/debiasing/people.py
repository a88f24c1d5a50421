"""Detections by people: a planted bias, and error rates of frames by group.

Neither is known of real people: for them `bias`, `alarms` and `odds` yield nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from causalex_book.spotting.dataset import SpottingDataset
from causalex_core.evaluation import fairness
from causalex_core.expressions import KINDS
from causalex_synthetic import planted
from causalex_synthetic.dataset import SyntheticDataset
from causalex_synthetic.people import TIES


class System(NamedTuple):
    """What made detections: a variant, and what was subtracted from its scores."""

    variant: str
    counterfactual: str
    form: str


Detections = Mapping[System, Sequence[pd.DataFrame]]


def biased(data: SpottingDataset) -> int:
    """How many synthetic people have the tied unit."""
    return 0 if data.synthetic is None else int(_attributes(data, data.synthetic)["biased"].sum())


def bias(data: SpottingDataset, detections: Detections) -> Iterator[dict[str, object]]:
    """Small expressions, and small movements that are none, with the tied unit and without."""
    if data.synthetic is None:
        return
    distractors, groups = planted.distractors(data.synthetic), _groups(data, data.synthetic)
    for system, tables in detections.items():
        for event, events in (("expression", data.truth), ("fidget", distractors)):
            for row in planted.detected(events, tables, groups):
                yield {"database": data.name, **system._asdict(), "event": event, **row}


def alarms(data: SpottingDataset, detections: Detections) -> Iterator[dict[str, object]]:
    """False micro-expressions, and the minutes in which they are found."""
    if data.synthetic is None:
        return
    lengths = pd.Series(data.windows.lengths).groupby(list(data.windows.subjects)).sum()
    groups = _groups(data, data.synthetic)
    for system, tables in detections.items():
        counts = planted.false_alarms(data.truth, tables, groups)
        for group, subjects in groups.items():
            yield {
                "database": data.name,
                **system._asdict(),
                "people": group,
                "false_alarms": counts[group],
                "minutes": float(lengths[subjects].sum()) / data.fps / 60,
            }


def _groups(data: SpottingDataset, people: SyntheticDataset) -> dict[str, list[str]]:
    """Tied and free people who take part."""
    return {
        group: [name for name in names if name in data.subjects]
        for group, names in planted.people(people).items()
    }


def _attributes(data: SpottingDataset, people: SyntheticDataset) -> pd.DataFrame:
    """Attributes of those who take part, and whether each is ``biased``."""
    table = people.attributes.set_index("subject").loc[data.subjects]
    return table.assign(biased=table["tie"] == TIES[0])


def cells(
    data: SpottingDataset, detections: Detections
) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """Frames by subject, truth and prediction, of all seeds together."""
    lengths = dict(zip(data.windows.names, data.windows.lengths, strict=True))
    positions = [data.subjects.index(name) for name in data.windows.subjects]
    subject = np.repeat(positions, data.windows.lengths)
    for system, tables in detections.items():
        for kind in KINDS:
            truth, *predicted = (
                fairness.covered(table[table["kind"] == kind], lengths)
                for table in (data.truth, *tables)
            )
            seeds = len(predicted)
            yield (
                {"database": data.name, **system._asdict(), "kind": kind},
                fairness.cells(
                    np.tile(subject, seeds), np.tile(truth, seeds), np.concatenate(predicted)
                ),
            )


def odds(
    data: SpottingDataset, cells: pd.DataFrame, n_bootstrap: int
) -> Iterator[dict[str, object]]:
    """Equalized odds difference between halves of the people, by frames.

    A half without frames of expressions, or with nothing else, is left out of that rate.
    """
    if data.synthetic is None:
        return
    people = _attributes(data, data.synthetic)
    halves = {"tone": people["tone"] > 0.5, "shape": people["shape"] > 0.5, "tie": people["biased"]}
    subject = cells["subject"].to_numpy()
    for attribute, half in halves.items():
        gap = fairness.equalized_odds_gap(
            cells["truth"].to_numpy(),
            cells["predicted"].to_numpy(),
            half.to_numpy()[subject],
            subject,
            n_bootstrap,
            seed=1,
            frames=cells["frames"].to_numpy(),
        )
        yield {
            "attribute": attribute,
            "gap": gap.estimate,
            "low": gap.low,
            "high": gap.high,
            "groups_left_out": gap.groups_left_out,
            "resamples_left_out": gap.left_out,
        }
