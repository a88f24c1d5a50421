"""What detectors make of the planted bias: a unit that some people's micro-expressions mostly have.

A detector that learnt the tie finds micro-expressions with the unit more easily, and takes small
movements of the unit that are none for micro-expressions.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from causalex_core import action_units
from causalex_core.evaluation.spotting import score
from causalex_synthetic.dataset import Cohort
from causalex_synthetic.people import TIES

UNIT = 4
_KIND = "micro"


def people(drawn: Cohort) -> dict[str, list[str]]:
    """Subjects in whom the unit is tied to micro-expressions, and the others."""
    return {tie: [person.subject for person in drawn.people if person.tie == tie] for tie in TIES}


def fidgets(drawn: Cohort) -> pd.DataFrame:
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
            for event in video.fidgets
        ]
    )


def detected(
    events: pd.DataFrame,
    detections: Sequence[pd.DataFrame],
    groups: Mapping[str, Sequence[str]],
) -> Iterator[dict[str, object]]:
    """How many small events are detected as micro-expressions, with the unit and without.

    Parameters
    ----------
    events
        Expressions, or `fidgets`; only those of the kind ``micro`` count.
    detections
        A table per seed.
    groups
        Subjects of each group.

    Yields
    ------
    dict
        ``people, unit`` (``with`` or ``without``), ``detected`` (mean over seeds), ``number``.
    """
    for group, own in groups.items():
        mine = events[(events["kind"] == _KIND) & events["subject"].isin(own)]
        has = mine["action_units"].map(lambda text: UNIT in action_units.exact_numbers(text))
        has = has.astype(bool)
        for unit, rows in (("with", mine[has]), ("without", mine[~has])):
            hits = [int(score(rows, _micro(table, own))["tp"].sum()) for table in detections]
            yield {
                "people": group,
                "unit": unit,
                "detected": float(np.mean(hits)),
                "number": len(rows),
            }


def false_alarms(
    truth: pd.DataFrame, detections: Sequence[pd.DataFrame], groups: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Detected micro-expressions of each group that are none, mean over seeds."""
    counted = {
        group: [
            score(truth[truth["subject"].isin(own)], _micro(table, own)) for table in detections
        ]
        for group, own in groups.items()
    }
    return {
        group: float(np.mean([(each["n_pred"] - each["tp"]).sum() for each in of_seeds]))
        for group, of_seeds in counted.items()
    }


def _micro(detections: pd.DataFrame, own: Sequence[str]) -> pd.DataFrame:
    return detections[(detections["kind"] == _KIND) & detections["subject"].isin(own)]
