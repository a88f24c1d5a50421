"""Claims on counterfactual debiasing, and on the rates of groups."""

import pandas as pd

from causalex_book.claims.what_holds import stored
from causalex_book.claims.what_holds.verdicts import (
    HOLDS,
    MORE,
    NOT_SUPPORTED,
    ClaimTest,
    Finding,
    Table,
    Tables,
    in_short,
    of_all,
    of_gain,
    on_synthetic_people,
    rows_with,
)
from causalex_book.debiasing.counterfactuals import (
    BOTH,
    CONSTANT,
    CROSS,
    FORMS,
    KEEP,
    MASK,
    NULL,
    SWEEP,
)
from causalex_book.debiasing.counterfactuals import NONE as PLAIN
from causalex_book.spotting.variants import CAUSAL_EX
from causalex_synthetic.people import TIES

_NAMES = (NULL, KEEP, BOTH)
_CONTROLS = ("noise", "blurred")
_RATES = ("tpr", "fpr")
_ALIKE = 0.1  # difference of rates


def raises_f1(variant: str) -> ClaimTest:
    """Counterfactuals that are said to raise the overall F1, in both settings.

    The control has as many choices without a counterfactual: thresholds in the setting of our
    own, and, where thresholds are fixed, a constant.
    """

    def test(tables: Tables) -> Finding:
        real, control = (stored.debiased(tables[run], variant) for run in stored.DEBIASING.values())
        published = stored.published_debiased(tables, variant)
        both = pd.concat([real, published])
        return Finding(
            f"gain in overall F1 of {variant}. Setting of our own, chosen on inner folds,"
            f" {_by_name(real, *_NAMES, SWEEP)}. Published setting, chosen on the other subjects,"
            f" {_by_name(published, *_NAMES, CONSTANT)}",
            of_gain(both[both["counterfactual"].isin(_NAMES)]),
            MORE,
            _by_name(control, *_NAMES, SWEEP),
        )

    return test


def confident(tables: Tables) -> Finding:
    """Highest probability of an apex in a window where nothing moves."""
    real, control = (_highest(tables[run]) for run in stored.DEBIASING.values())
    null = real[NULL]
    return Finding(
        "highest probability of an apex in a window, on null frames and as measured:"
        f" {_as_measured(real)}",
        of_all(null > 0.5, null < 0.5),
        "models that call an apex more likely than not where nothing moves",
        _as_measured(control),
    )


def null_frames(tables: Tables) -> Finding:
    """Null frames against noise and blurred motion."""
    wanted = {"variant": CAUSAL_EX, "kind": "overall", "chosen": CROSS, "form": FORMS[0]}
    real, control = (
        rows_with(tables[run]["debiasing"], **wanted) for run in stored.DEBIASING.values()
    )
    gains = real.pivot(index="database", columns="counterfactual", values="gain")
    low = rows_with(real, counterfactual=NULL).set_index("database")["gain_low"]
    better = [(low > gains[name]).all() for name in _CONTROLS]
    return Finding(
        f"gain in overall F1. {_by_name(real, NULL, *_CONTROLS)}",
        HOLDS if all(better) else NOT_SUPPORTED,
        "a gain of null frames above that of both others by more than its interval",
        _by_name(control, NULL, *_CONTROLS),
    )


def unit_bias(tables: Tables) -> Finding:
    """A planted tie of one action unit to micro-expressions, and whether masking removes it."""
    bias = rows_with(
        tables["counterfactuals"]["bias"], variant=CAUSAL_EX, form=FORMS[0], event="expression"
    )
    share = bias.assign(share=bias["detected"] / bias["number"]).pivot_table(
        index=["database", "counterfactual"], columns=["people", "unit"], values="share"
    )
    helped = {who: share[who, "with"] - share[who, "without"] for who in TIES}
    tie = (helped[TIES[0]] - helped[TIES[1]]).unstack()
    names = {PLAIN: "without debiasing", NULL: NULL, KEEP: KEEP, MASK: MASK}
    parts = [
        ", ".join(f"{label} {row[name]:+.2f}" for name, label in names.items()) + f" ({database})"
        for database, row in tie.iterrows()
    ]
    removed = (tie[PLAIN] > 0).all() and (tie[KEEP].abs() < tie[PLAIN] / 2).all()
    return Finding(
        "nobody knows which ties real people have",
        on_synthetic_people(bool(removed)),
        "a tie that shows before debiasing on every database and is at most half as strong after",
        "how much more the tied unit helps a micro-expression to be found in tied people than in"
        f" free ones: {'; '.join(parts)}",
    )


def rates(tables: Tables) -> Finding:
    """Rates by frame of the four systems of Fig. 4."""
    table = tables["real_debiasing"]["rates"]
    table = table[table["counterfactual"].isin([PLAIN, BOTH])]
    parts, meet = [], []
    for (database, kind), rows in table.groupby(["database", "kind"], sort=False):
        ranges = [
            f"{rate.upper()} {rows[rate].min():.3f} to {rows[rate].max():.3f}" for rate in _RATES
        ]
        parts.append(f"{kind} {', '.join(ranges)} ({database})")
        meet += [rows[f"{rate}_low"].max() <= rows[f"{rate}_high"].min() for rate in _RATES]
    return Finding(
        "range over AUW-GCN and Causal-Ex, each with and without debiasing, by frame:"
        f" {'; '.join(parts)}",
        HOLDS if all(meet) else NOT_SUPPORTED,
        "intervals of the four systems that all meet, or do not",
    )


def groups(tables: Tables) -> Finding:
    """Equalized odds between groups of people."""
    wanted = {"variant": CAUSAL_EX, "counterfactual": PLAIN, "attribute": "tie", "kind": "micro"}
    odds = rows_with(tables["counterfactuals"]["odds"], **wanted)
    gaps = odds.rename(columns={"low": "gap_low", "high": "gap_high"})
    return Finding(
        "like rates of several models say nothing of groups of people, and the public data do not"
        " say who belongs to which",
        on_synthetic_people(bool((odds["high"] < _ALIKE).all())),
        f"groups of people whose rates differ by less than {_ALIKE}, with the whole interval",
        f"micro rates of tied and of free people differ by {in_short(gaps, 'gap')}",
    )


def _by_name(rows: pd.DataFrame, *names: str) -> str:
    """Gains of each counterfactual."""
    return ". ".join(f"{name}: {in_short(rows_with(rows, counterfactual=name))}" for name in names)


def _highest(run: Table) -> pd.DataFrame:
    """Highest probability of an apex in a window, kinds by motion, mean over databases."""
    rows = rows_with(run["confidence"], variant=CAUSAL_EX, head="apex")
    return rows.pivot_table(index="kind", columns="motion", values="highest")


def _as_measured(highest: pd.DataFrame) -> str:
    return "; ".join(
        f"{kind} {row[NULL]:.2f} and {row['as measured']:.2f}" for kind, row in highest.iterrows()
    )
