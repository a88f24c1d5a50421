"""Show what counterfactual debiasing gains, and how it changes the planted bias."""

from causalex_book.debiasing import debiased
from causalex_book.publishing import beside, show, style
from causalex_book.publishing.results import Result, Tables
from causalex_book.spotting import figures_spotting

MAIN = ["none", "null frames", "keep E_f", "mask E_f", "null frames and keep E_f"]
COLUMNS = ["kind", "f1", "gain", "tp", "n_pred", "n_truth"]
HEADERS = {"tp": "TP", "n_pred": "detections", "n_truth": "truths", "f1": "F1"}


def gains(real: Result) -> None:
    """Draw the gain in overall F1 of Causal-Ex from each counterfactual."""
    gained = real.tables["debiasing"].query(
        "variant == 'Causal-Ex' and kind == 'overall' and counterfactual != 'none'"
    )
    gained = gained.query("form != 'logits'").sort_values(
        "counterfactual", key=lambda names: ~names.isin(MAIN), kind="stable"
    )
    style.show_figure(figures_spotting.gains(gained))


def inputs(tables: Tables) -> None:
    """Show people, those with a planted tie, and the regions in E_f of each database."""
    table = tables["inputs"]
    show.table(
        table.assign(**{"tied": table["tied"].where(table["tied"] > 0)}),
        "What is shown: people, how many of them have the tied unit where one was planted, regions"
        " in E_f of a video on average, and the share of videos in whose graph no edge may leave"
        " any region, so that E_f is empty and nothing is masked.",
        "tab-debias-inputs",
        digits={"without_essential": 2, "essential": 1},
        headers={"essential": "regions in E_f", "without_essential": "E_f empty"},
    )


def table3(real: Result) -> None:
    """Show Table 3 of Causal-Ex as printed beside our overall F1, plain and debiased."""
    both = "counterfactual == 'null frames and keep E_f' and form == 'probabilities'"
    for number, rule in enumerate(("cross_fold", "test_tuned")):
        overall = real.tables["debiasing"].query("kind == 'overall' and chosen == @rule")
        show.table(
            beside.table3(overall.query("counterfactual == 'none'"), overall.query(both)),
            "Table 3 of Causal-Ex as printed, and ours: null frames and E_f subtracted together,"
            f" threshold and strength chosen by `{rule}`.",
            f"tab-debias-table3-{number}",
        )


def nested(tables: Tables) -> None:
    """Show F1 and gain of each counterfactual with strength and threshold chosen by nesting."""
    inner = tables["debiasing"].query("chosen == 'nested'")
    shown = show.with_interval(show.with_interval(inner), "gain", "gain_low", "gain_high")
    for number, (database, rows) in enumerate(shown.groupby("database", sort=False)):
        show.table(
            rows[["variant", "counterfactual", *COLUMNS]],
            f"{style.readable(database)}: strength and threshold chosen together by models that"
            f" never saw the person; from probabilities. Means over {rows['seeds'].iloc[0]} seeds.",
            f"tab-debias-nested-{number}",
            digits={"tp": 1, "n_pred": 1},
            headers=HEADERS,
        )


def every_choice(tables: Tables) -> None:
    """Show F1 and gain of every counterfactual and control under the other choices."""
    others = tables["debiasing"].query("chosen != 'nested'")
    shown = show.with_interval(show.with_interval(others), "gain", "gain_low", "gain_high")
    for number, (database, rows) in enumerate(shown.groupby("database", sort=False)):
        show.table(
            rows[["variant", "counterfactual", "form", "chosen", *COLUMNS]],
            f"{style.readable(database)}: every counterfactual and control. `test_tuned` is what"
            " choosing on the tested people shows.",
            f"tab-debias-all-{number}",
            digits={"tp": 1, "n_pred": 1},
            headers=HEADERS,
        )


def strengths(tables: Tables) -> None:
    """Show how often each strength of debiasing was best on the other subjects."""
    chosen = tables["strengths"].assign(
        strength=lambda rows: [
            f"{phase:g}, {apex:g}"
            for phase, apex in zip(rows["onset_and_offset"], rows["apex"], strict=True)
        ]
    )
    show.table(
        chosen.pivot_table(
            index=["database", "variant", "counterfactual", "form", "kind"],
            columns="strength",
            values="share",
            sort=False,
        ).reset_index(),
        "How often each strength (of onset and offset, of apex) was best on the other subjects:"
        " share of folds and seeds.",
        "tab-debias-strengths",
        digits=2,
    )


def confidence(real: Result) -> None:
    """Show probabilities from Causal-Ex on real motion and on each counterfactual."""
    show.table(
        real.tables["confidence"].query("variant == 'Causal-Ex'"),
        "Probabilities that Causal-Ex gives real people: on their motion and on each"
        " counterfactual.",
        "tab-debias-confidence",
    )


def rates(real: Result) -> None:
    """Draw true and false positive rates per frame of each system, as in Fig. 4."""
    table = real.tables["rates"]
    name = table["variant"] + table["counterfactual"].map(
        lambda counterfactual: "" if counterfactual == "none" else f", {counterfactual}"
    )
    plain = table["counterfactual"] == "none"
    figure4 = plain | (table["variant"] == "Causal-Ex") & (table["counterfactual"] != "mask E_f")
    drawn = table.assign(system=name)[figure4].sort_values("variant", kind="stable")
    style.show_figure(figures_spotting.rates(drawn))


def rates_table(tables: Tables) -> None:
    """Show true and false positive rates per frame, and their ratio."""
    rates = tables["rates"].drop(columns="form")
    for rate in ("tpr", "fpr", "ratio"):
        rates = show.with_interval(rates, rate, f"{rate}_low", f"{rate}_high")
    show.table(
        rates.drop(columns=rates.filter(like="left_out").columns),
        "Rates per frame, and their ratio, which the paper calls equalized odds.",
        "tab-debias-rates",
        headers={"tpr": "TPR", "fpr": "FPR", "ratio": "TPR / FPR"},
    )


def bias(tables: Tables) -> None:
    """Draw how often Causal-Ex detects events with and without the tied unit."""
    planted = tables["bias"].query("variant == 'Causal-Ex' and form == 'probabilities'")
    style.show_figure(
        figures_spotting.planted(planted[planted["database"] == planted["database"].iloc[0]])
    )


def bias_table(tables: Tables) -> None:
    """Show how many events with and without the tied unit are detected, and false alarms."""
    columns = ["database", "variant", "counterfactual", "form", "people", "event", "unit"]
    show.table(
        tables["bias"][[*columns, "detected", "number"]],
        "The same in numbers, means over seeds.",
        "tab-debias-bias",
        digits=1,
    )
    show.table(
        tables["alarms"],
        "Detected micro-expressions that are none.",
        "tab-debias-alarms",
        digits=1,
    )


def odds(tables: Tables) -> None:
    """Show the equalized odds difference between groups of synthetic people."""
    show.table(
        show.with_interval(tables["odds"].drop(columns="form"), "gap"),
        "Equalized odds difference by frames, synthetic people: the larger of the gaps in true"
        " and in false positive rate; 0 is equal. A group without a rate is left out of it,"
        " and so are resamples in which a group has lost one.",
        "tab-debias-odds",
    )


def published(result: Result) -> None:
    """Show F1 and gain of the published networks at the best and at each strength."""
    nearest = "protocol == 'auw' and missing_offset == 'mirrored'"
    rows = result.tables["debiasing"].query(nearest)
    show.sentences(*debiased.at_fixed_thresholds(rows))
    rows = show.with_interval(rows.query("kind == 'overall'"))
    rows = show.with_interval(rows, "gain", "gain_low", "gain_high")
    system = ["database", "variant", "counterfactual"]
    show.table(
        rows[[*system, "chosen", "f1", "gain", "tp", "n_pred"]],
        "Overall F1 of the published networks at the last epoch with the best strength, and its"
        " gain over none; counted as on the page on the published setting.",
        "tab-debias-published",
        headers=HEADERS,
    )
    by_strength = result.tables["strengths"].query(nearest)
    show.table(
        by_strength.pivot_table(
            index=system, columns="strength", values="f1", sort=False
        ).reset_index(),
        "Overall F1 at each strength; 0 is no debiasing.",
        "tab-debias-published-strengths",
    )
