"""What debiasing changes, in sentences that follow from the tables of its page."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from causalex_book.publishing import paper, style
from causalex_book.publishing.beside import interval, printed_as
from causalex_book.spotting.points import NESTED
from causalex_book.spotting.variants import CAUSAL_EX
from causalex_core.evaluation.operating_points import CROSS

PLAIN, TUNED = "none", "test_tuned"
SWEEP, CONSTANT = "as many thresholds instead", "a constant instead"
_MAIN = ("null frames and keep E_f", "keep E_f", "mask E_f", "null frames")
_WHO = {
    NESTED: "inner models choose lambda",
    CROSS: "the other subjects choose lambda",
    TUNED: "the test subjects choose lambda",
}


def answer(debiasing: pd.DataFrame) -> list[str]:
    """What is gained on each database by who chooses lambda, and what stands against it.

    Parameters
    ----------
    debiasing
        Table of :mod:`causalex_book.debiasing.real_debiasing`.
    """
    overall = debiasing.query("kind == 'overall' and variant == @CAUSAL_EX and form != 'logits'")
    lines = []
    for database, rows in overall.groupby("database", sort=False):
        gains = {(row["counterfactual"], row["chosen"]): row for row in rows.to_dict("records")}
        name = next(each for each in _MAIN if (each, NESTED) in gains)
        changes = [
            f"{interval(gains[name, chosen], 'gain')} when {who}" for chosen, who in _WHO.items()
        ]
        lines.append(
            f"{style.readable(str(database))}: debiasing Causal-Ex with {name} changes its overall"
            f" F1 by {', '.join(changes)}; as many thresholds and no counterfactual change it by"
            f" {interval(gains[SWEEP, NESTED], 'gain')} when {_WHO[NESTED]}."
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
        paper.value("causal_ex", "table3", f"{base} {CAUSAL_EX}{suffix}", "f1")
        for suffix in ("", " + debias")
    )
    return f"Printed is {after - before:+.4f}."


def at_fixed_thresholds(debiasing: pd.DataFrame) -> list[str]:
    """The largest gain of the published networks, and that of a constant, by who chooses.

    Parameters
    ----------
    debiasing
        Table of :mod:`causalex_book.debiasing.published_debiasing`, of one way of counting.
    """
    lines = []
    overall = debiasing[debiasing["kind"] == "overall"]
    for (database, variant), rows in overall.groupby(["database", "variant"], sort=False):
        said = []
        for chosen, of_rule in rows.groupby("chosen", sort=False):
            is_constant = of_rule["counterfactual"] == CONSTANT
            best = of_rule[~is_constant].sort_values("gain", kind="stable").iloc[-1]
            said.append(
                f"when {_WHO[str(chosen)]}, {best['counterfactual']} gains most,"
                f" {interval(best, 'gain')}, and a constant"
                f" {interval(of_rule[is_constant].iloc[0], 'gain')}"
            )
        lines.append(f"{style.readable(str(database))}, {variant}: {'; '.join(said)}.")
    return lines


def planted(bias: pd.DataFrame) -> Iterator[str]:
    """Whether the tied unit makes micro-expressions easier to find, before debiasing and after.

    Parameters
    ----------
    bias
        Table of :mod:`causalex_book.debiasing.counterfactuals`; of real people it has no rows.
    """
    if bias.empty:
        return
    expressions = bias.query(
        "variant == @CAUSAL_EX and form == 'probabilities' and event == 'expression'"
    )
    for database, rows in expressions.groupby("database", sort=False):
        share = (rows["detected"] / rows["number"]).groupby(
            [rows["counterfactual"], rows["people"], rows["unit"]]
        )
        found = share.first().unstack("unit")
        gap = (found["with"] - found["without"]).to_dict()
        before, after = (
            f"{gap[name, 'tied']:+.3f} where it is tied and {gap[name, 'free']:+.3f} where it is"
            " free"
            for name in (PLAIN, _MAIN[0])
        )
        yield (
            f"{style.readable(str(database))}: micro-expressions with the unit are detected more"
            f" often than those without, by {before}; after debiasing with {_MAIN[0]} by {after}."
        )


def undefined(rates: pd.DataFrame, odds: pd.DataFrame, n_bootstrap: int) -> Iterator[str]:
    """How many rates, groups and resamples are left out since they are undefined.

    Parameters
    ----------
    rates, odds
        Tables of :mod:`causalex_book.debiasing.counterfactuals`; odds may be empty.
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
