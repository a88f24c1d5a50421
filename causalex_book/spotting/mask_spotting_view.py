"""Show how well the motion levels of MDMD's masks spot expressions."""

from causalex_book.publishing import paper, show, style
from causalex_book.publishing.results import Frame, Tables
from causalex_core.evaluation import operating_points


def rules_table(rules: Frame) -> None:
    """Show F1 under each rule, the counts behind it, and its gain over the last epoch."""
    shown = show.with_interval(show.with_interval(rules), "gain", "gain_low", "gain_high")
    show.table(
        shown.drop(columns="panel"),
        "F1 by rule, the counts behind it (means over seeds), its range over seeds, and the paired"
        " gain over `last epoch`.",
        "tab-mask-rules",
        digits={"tp": 1, "n_pred": 1},
        headers={"tp": "TP", "n_pred": "detections", "n_truth": "truths", "f1": "F1"},
    )


def conclusions(tables: Tables) -> list[str]:
    """State the F1 that motion levels reach, and what selection and debiasing change."""
    by_rule = tables["rules"].set_index(["database", "kind", "rule"])
    first = tables["rules"]["database"].iloc[0]
    honest = by_rule.loc[(first, "macro", operating_points.LAST)]
    tuned = by_rule.loc[(first, "macro", operating_points.BOTH)]
    debiased = tables["debiasing"].query(
        "chosen == 'nested' and kind == 'overall' and database == @first"
    )
    debiased = debiased.set_index("method")
    both = by_rule.loc[(first, "overall", "last epoch, kinds together")]
    null, steps = (debiased.loc[name] for name in ("null frames", "as many thresholds instead"))
    mdmd = paper.value("causal_ex", "table2", "MDMD", "cas macro")
    return [
        "From two censored numbers per frame, honest selection reads a macro F1 of"
        f" {honest['f1']:.3f} [{honest['low']:.3f}, {honest['high']:.3f}] on"
        f" {style.readable(first)}; MDMD, which had the videos, prints {mdmd}.",
        f"With both thresholds chosen together the overall F1 is {both['f1']:.3f}"
        f" [{both['low']:.3f}, {both['high']:.3f}].",
        f"Letting each tested subject choose epoch and threshold adds {tuned['gain']:.3f}"
        f" [{tuned['gain_low']:.3f}, {tuned['gain_high']:.3f}] to it.",
        f"Null-frame debiasing changes the overall F1 by {null['gain']:+.3f}"
        f" [{null['gain_low']:+.3f}, {null['gain_high']:+.3f}]; as many choices of the threshold"
        f" alone change it by {steps['gain']:+.3f} [{steps['gain_low']:+.3f},"
        f" {steps['gain_high']:+.3f}].",
    ]
