"""What debiasing changes, in sentences that follow from the tables of its page."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from causalex_core.evaluation.operating_points import CROSS
from causalex_core.report import paper, style
from causalex_core.report.beside import interval, printed_as
from causalex_core.studies.points import NESTED
from causalex_core.studies.variants import WHOLE

PLAIN, SWEEP, TUNED = "none", "as many thresholds instead", "test_tuned"
_MAIN = ("null frames and keep E_f", "keep E_f", "mask E_f", "null frames")
_WHO = {
    NESTED: "inner models choose lambda",
    CROSS: "the other subjects do",
    TUNED: "the test subjects do",
}


def answer(debiasing: pd.DataFrame) -> list[str]:
    """What is gained on each database by who chooses lambda, and what stands against it.

    Parameters
    ----------
    debiasing
        Table of :mod:`causalex_core.chapters.real_debiasing`.
    """
    overall = debiasing.query("kind == 'overall' and variant == @WHOLE and form != 'logits'")
    lines = []
    for database, rows in overall.groupby("database", sort=False):
        gains = rows.set_index(["counterfactual", "chosen"])
        name = next(each for each in _MAIN if (each, NESTED) in gains.index)
        changes = [
            f"{interval(gains.loc[(name, chosen)], 'gain')} when {who}"
            for chosen, who in _WHO.items()
        ]
        lines.append(
            f"{style.readable(str(database))}: debiasing Causal-Ex with {name} changes its overall"
            f" F1 by {', '.join(changes)}; as many thresholds and no counterfactual change it by"
            f" {interval(gains.loc[(SWEEP, NESTED)], 'gain')} when {_WHO[NESTED]}."
            f" {_printed(str(database))}"
        )
    inner = debiasing.query("chosen == @NESTED and counterfactual not in (@PLAIN, @SWEEP)")
    tuned = debiasing.query("chosen == @TUNED and counterfactual in @inner.counterfactual")
    above = [
        f"{int((rows['gain_low'] > 0).sum())} of {len(rows)} when {_WHO[chosen]}"
        for chosen, rows in ((NESTED, inner), (TUNED, tuned))
    ]
    return [
        *lines,
        "Of the gains by all counterfactuals, networks and kinds, the interval lies above zero in"
        f" {' and '.join(above)}.",
    ]


def _printed(database: str) -> str:
    base = printed_as(database)[0]
    before, after = (
        paper.value("causal_ex", "table3", f"{base} {WHOLE}{suffix}", "f1")
        for suffix in ("", " + debias")
    )
    return f"Printed is {after - before:+.4f}."


def at_fixed_thresholds(debiasing: pd.DataFrame, other: str = "a constant instead") -> list[str]:
    """The largest gain of the published networks, and that of a constant.

    Parameters
    ----------
    debiasing
        Table of :mod:`causalex_core.chapters.published_debiasing`, of one way of counting.
    other
        What the gains are held against.
    """
    lines = []
    overall = debiasing.query("kind == 'overall' and chosen == @CROSS")
    for (database, variant), rows in overall.groupby(["database", "variant"], sort=False):
        constant = rows[rows["counterfactual"] == other].iloc[0]
        best = rows[rows["counterfactual"] != other].sort_values("gain", kind="stable").iloc[-1]
        lines.append(
            f"{style.readable(str(database))}, {variant}: when the other subjects choose lambda,"
            f" {best['counterfactual']} gains most, {interval(best, 'gain')}; a constant gains"
            f" {interval(constant, 'gain')}."
        )
    return lines


def undefined(rates: pd.DataFrame, odds: pd.DataFrame, n_bootstrap: int) -> Iterator[str]:
    """How many rates, groups and resamples are left out since they are undefined.

    Parameters
    ----------
    rates, odds
        Tables of :mod:`causalex_core.chapters.counterfactuals`; odds may be empty.
    n_bootstrap
        Resamples behind each interval.
    """
    lacking = int(rates["ratio"].isna().sum())
    yield (
        f"The ratio is undefined, without any false alarm, in {lacking} of {len(rates)} rows;"
        f" true positive rates in {int(rates['tpr'].isna().sum())}."
    )
    for what, table, column in (
        ("the ratio", rates, "ratio_left_out"),
        ("the difference between groups", odds, "resamples_left_out"),
    ):
        known = table[column].dropna() if column in table else pd.Series(dtype=float)
        if len(known):
            yield (
                f"{int((known > 0).sum())} of {len(known)} intervals of {what} leave out resamples"
                f" in which it is undefined, {int(known.max())} of {n_bootstrap} at most."
            )
        if len(known) < len(table):
            yield (
                f"Of {len(table) - len(known)} intervals of {what} it is not known how many"
                " resamples they leave out: the stored result is older than this count."
            )
    groups = odds.get("groups_left_out", pd.Series(dtype=float)).dropna()
    if len(groups):
        yield f"{int(np.sum(groups > 0))} of {len(groups)} differences leave out a group."
