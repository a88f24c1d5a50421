"""The stored runs that verdicts rest on, and the rows of their tables for each claim."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from types import ModuleType

import pandas as pd

from causalex_book.claims.what_holds.verdicts import Table, Tables, rows_with
from causalex_book.data import table1
from causalex_book.debiasing import counterfactuals, published_debiasing, real_debiasing
from causalex_book.debiasing.counterfactuals import CROSS
from causalex_book.pages import published_path
from causalex_book.publishing import results
from causalex_book.publishing.results import Result
from causalex_book.spotting import (
    across_databases,
    graph_spotting,
    mask_spotting,
    published_setting,
    real_spotting,
)
from causalex_book.spotting.published_rule import Counting
from causalex_book.spotting.published_setting import NEAREST
from causalex_book.spotting.threshold_sweep import NESTED
from causalex_core.errors import CausalexError
from causalex_core.evaluation.operating_points import EPOCH

RUNS: Mapping[str, ModuleType] = {
    "table1": table1,
    "published_setting": published_setting,
    "real_spotting": real_spotting,
    "real_debiasing": real_debiasing,
    "published_debiasing": published_debiasing,
    "across_databases": across_databases,
    "mask_spotting": mask_spotting,
    "graph_spotting": graph_spotting,
    "counterfactuals": counterfactuals,
}
REAL, SYNTHETIC = "real", "synthetic"
SPOTTING = {REAL: "real_spotting", SYNTHETIC: "graph_spotting"}
DEBIASING = {REAL: "real_debiasing", SYNTHETIC: "counterfactuals"}


def complete(page: ModuleType) -> Result:
    """Stored result of a page, computed with its defaults.

    A parameter that is younger than the result counts as its default.

    Raises
    ------
    CausalexError
        If nothing is stored, or it was computed with other parameters than the defaults.
    """
    result = results.read(published_path(page))
    defaults = json.loads(json.dumps(asdict(page.Config())))
    if defaults | dict(result.parameters) != defaults:
        raise CausalexError(
            f"the stored run of {result.name} was computed with other parameters than the"
            f" page's: no verdict follows; run `causalex publish {result.name}`"
        )
    return result


def contrasts(run: Table, better: str, kind: str) -> pd.DataFrame:
    """Gains of one network over each ``baseline``, in the setting of our own."""
    rows = run["contrasts"].rename(columns={"beside": "baseline"})  # its name in stored results
    return rows_with(rows, variant=better, kind=kind)


def scores(run: Table, variant: str, rule: str, kind: str = "overall") -> pd.DataFrame:
    """F1 of one network under one rule of selection."""
    return rows_with(run["scores"], variant=variant, rule=rule, kind=kind)


def debiased(run: Table, variant: str) -> pd.DataFrame:
    """Overall F1 with each counterfactual, chosen on inner folds."""
    return rows_with(run["debiasing"], variant=variant, kind="overall", chosen=NESTED)


def published_debiased(tables: Tables, variant: str) -> pd.DataFrame:
    """Overall F1 with each counterfactual, published networks, chosen on the other subjects."""
    rows = tables["published_debiasing"]["debiasing"]
    return rows_with(rows, variant=variant, kind="overall", chosen=CROSS, **asdict(NEAREST))


def published(
    tables: Tables,
    variant: str,
    rule: str,
    kind: str = "overall",
    counting: Counting = NEAREST,
) -> pd.DataFrame:
    """F1 of one network in the published setting, under one rule and one way of counting."""
    rows = scores(tables["published_setting"], variant, rule, kind)
    return rows_with(rows, **asdict(counting))


def published_gains(tables: Tables, better: str, kind: str) -> pd.DataFrame:
    """Gains over each ``baseline`` in the published setting, under the published rule."""
    rows = tables["published_setting"]["differences"]
    return rows_with(rows, variant=better, kind=kind, rule=EPOCH, **asdict(NEAREST))


def crossed(
    tables: Tables, variant: str, rule: str, counting: Counting, kind: str = "overall"
) -> pd.DataFrame:
    """F1 of one network on the database that it was not trained on, in the published setting."""
    rows = tables["across_databases"]["crossed"]
    return rows_with(rows, variant=variant, rule=rule, kind=kind, **asdict(counting))
