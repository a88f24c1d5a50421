"""What debiasing changes, in sentences that follow from the tables of its page."""

from collections.abc import Iterator

import pandas as pd

from causalex_book.publishing import paper, style
from causalex_book.publishing.beside import interval, printed_as
from causalex_book.spotting.threshold_sweep import NESTED
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
    """Gain on each database by who chooses lambda, and of the controls, from ``debiasing``."""
    overall = debiasing.query("kind == 'overall' and variant == @CAUSAL_EX and form != 'logits'")
    lines = []
    for database, rows in overall.groupby("database", sort=False):
        gains = {
            (row["counterfactual"], row["chosen"]): interval(row, "gain")
            for row in rows.to_dict("records")
        }
        name = next(name for name in _MAIN if (name, NESTED) in gains)
        changes = [f"{gains[name, chosen]} when {who}" for chosen, who in _WHO.items()]
        lines.append(
            f"{style.readable(str(database))}: debiasing Causal-Ex with {name} changes its overall"
            f" F1 by {', '.join(changes)}; as many thresholds and no counterfactual change it by"
            f" {gains[SWEEP, NESTED]} when {_WHO[NESTED]}. {_printed(str(database))}"
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
    row = f"{printed_as(database)[0]} {CAUSAL_EX}"
    before, after = (
        paper.value("causal_ex", "table3", f"{row}{suffix}", "f1") for suffix in ("", " + debias")
    )
    return f"Printed is {after - before:+.4f}."


def at_fixed_thresholds(debiasing: pd.DataFrame) -> list[str]:
    """The largest gain of the published networks, and that of a constant, by who chooses.

    The table is that of `published_debiasing`, of one way of counting.
    """
    lines = []
    overall = debiasing[debiasing["kind"] == "overall"]
    for (database, variant), rows in overall.groupby(["database", "variant"], sort=False):
        parts = []
        for chosen, of_rule in rows.groupby("chosen", sort=False):
            is_constant = of_rule["counterfactual"] == CONSTANT
            best = of_rule[~is_constant].sort_values("gain", kind="stable").iloc[-1]
            parts.append(
                f"when {_WHO[str(chosen)]}, {best['counterfactual']} gains most,"
                f" {interval(best, 'gain')}, and a constant"
                f" {interval(of_rule[is_constant].iloc[0], 'gain')}"
            )
        lines.append(f"{style.readable(str(database))}, {variant}: {'; '.join(parts)}.")
    return lines


def planted(bias: pd.DataFrame) -> Iterator[str]:
    """Whether the tied unit makes micro-expressions easier to find, before debiasing and after.

    The table ``bias`` has no rows of real people.
    """
    if bias.empty:
        return
    expressions = bias.query(
        "variant == @CAUSAL_EX and form == 'probabilities' and event == 'expression'"
    )
    for database, rows in expressions.groupby("database", sort=False):
        share = rows.assign(share=rows["detected"] / rows["number"]).pivot(
            index=["counterfactual", "people"], columns="unit", values="share"
        )
        gap = share["with"] - share["without"]
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

    `odds` may be empty; `n_bootstrap` resamples are behind each interval.
    """
    yield (
        f"The ratio is undefined, without any false alarm, in {rates['ratio'].isna().sum()} of"
        f" {len(rates)} rows; true positive rates in {rates['tpr'].isna().sum()}."
    )
    for what, table, column in (
        ("the ratio", rates, "ratio_left_out"),
        ("the difference between groups", odds, "resamples_left_out"),
    ):
        known = table[column].dropna() if column in table else pd.Series(dtype=float)
        if len(known):
            yield (
                f"{(known > 0).sum()} of {len(known)} intervals of {what} leave out resamples"
                f" in which it is undefined, {known.max():.0f} of {n_bootstrap} at most."
            )
        if len(known) < len(table):
            yield (
                f"Of {len(table) - len(known)} intervals of {what} it is not known how many"
                " resamples they leave out: the stored result is older than this count."
            )
    groups = odds.get("groups_left_out", pd.Series(dtype=float)).dropna()
    if len(groups):
        yield f"{(groups > 0).sum()} of {len(groups)} differences leave out a group."
