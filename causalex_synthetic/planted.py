"""Effect of the planted bias on detectors: a unit that some people's micro-expressions mostly have.

A detector that learnt it detects micro-expressions with the unit more easily, and takes small
movements of the unit that are none for micro-expressions.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from causalex_core import action_units
from causalex_core.evaluation.spotting import score
from causalex_synthetic.dataset import SyntheticDataset
from causalex_synthetic.people import TIES

UNIT = 4
_KIND = "micro"


def people(drawn: SyntheticDataset) -> dict[str, list[str]]:
    """Subjects in whom the unit is tied to micro-expressions, and the others."""
    return {tie: [person.subject for person in drawn.people if person.tie == tie] for tie in TIES}


def distractors(drawn: SyntheticDataset) -> pd.DataFrame:
    """Movements that are no expressions: columns as in a table of expressions."""
    return pd.DataFrame(
        [
            {
                "subject": video.person.subject,
                "video": video.name,
                "onset": float(event.onset),
                "offset": float(event.offset),
                "kind": event.kind,
                "action_units": event.action_units,
            }
            for video in drawn.videos
            for event in video.distractors
        ]
    )


def detected(
    events: pd.DataFrame,
    detections: Sequence[pd.DataFrame],
    groups: Mapping[str, Sequence[str]],
) -> Iterator[dict[str, object]]:
    """Count small events that are detected as micro-expressions, with the unit and without.

    Events are expressions or `distractors`, of the kind ``micro``; there is a table of detections
    per seed, and ``detected`` is a mean over them. Groups are of subjects.
    """
    for group, subjects in groups.items():
        small = _micro(events, subjects)
        units = small["action_units"].map(action_units.exact_numbers)
        has_unit = units.map(lambda numbers: UNIT in numbers).astype(bool)
        for unit, rows in (("with", small[has_unit]), ("without", small[~has_unit])):
            counts = [int(score(rows, _micro(t, subjects))["tp"].sum()) for t in detections]
            mean = float(np.mean(counts))
            yield {"people": group, "unit": unit, "detected": mean, "number": len(rows)}


def false_alarms(
    truth: pd.DataFrame, detections: Sequence[pd.DataFrame], groups: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Detected micro-expressions of each group that are none, mean over seeds."""
    means = {}
    for group, subjects in groups.items():
        true = truth[truth["subject"].isin(subjects)]
        counts = [score(true, _micro(table, subjects)) for table in detections]
        wrong = [(count["n_pred"] - count["tp"]).sum() for count in counts]
        means[group] = float(np.mean(wrong))
    return means


def _micro(events: pd.DataFrame, subjects: Sequence[str]) -> pd.DataFrame:
    return events[(events["kind"] == _KIND) & events["subject"].isin(subjects)]
