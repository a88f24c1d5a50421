"""Show how each variant of the causal graph changes the spotting of expressions."""

from collections.abc import Sequence

from causalex_book.publishing import beside, show, style
from causalex_book.publishing.results import Frame, Tables

HEADERS = {"tp": "TP", "n_pred": "detections", "n_truth": "truths", "f1": "F1"}
COUNTS = ["tp", "n_pred", "n_truth"]
EDGES = {
    f"{policy}_edges": policy.replace("_", " ")
    for policy in ("any_edge", "directed", "possibly_directed")
}


def inputs(tables: Tables) -> None:
    """Show the size of each database, and mean edges of its graphs by policy."""
    show.table(
        tables["inputs"],
        "What is shown. Edges are ones in the matrix A of a video by each policy, on average; any"
        " edge counts both ways.",
        "tab-graph-inputs",
        digits={"minutes": 0, **dict.fromkeys(EDGES, 1)},
        headers={"training_windows": "windows with expressions", **EDGES},
    )


def networks(tables: Tables) -> None:
    """Show the layers, parameters and output length of each network."""
    show.table(
        tables["networks"].replace({"pooling": {True: "yes", False: "no"}}),
        "The networks. Pooling is said to shorten the sequence (Eq. 5); it does not, since its"
        " window moves by single frames.",
        "tab-graph-networks",
    )


def variants_table(last: Frame) -> None:
    """Show F1 of each variant, and its gain over no graph, motion peaks and MDMD."""
    shown = show.with_interval(last)
    for column in ("gain", "over_peaks", "over_mdmd"):
        shown = show.with_interval(shown, column, f"{column}_low", f"{column}_high")
    columns = ["variant", "kind", "f1", "gain", "over_peaks", "over_mdmd", *COUNTS]
    for number, (database, rows) in enumerate(shown.groupby("database", sort=False)):
        show.table(
            rows[[*columns, "least_seed", "greatest_seed"]],
            f"{style.readable(database)}: the same in numbers, with the gain over `no graph`, over"
            f" peaks of motion and over MDMD. Counts are means over {rows['seeds'].iloc[0]} seeds,"
            " the last two columns the range of F1 over them.",
            f"tab-graph-variants-{number}",
            digits={"tp": 1, "n_pred": 1},
            headers=HEADERS,
        )


def table2(simple: Frame, last: Frame, nested: Sequence[str]) -> None:
    """Show Table 2 of Causal-Ex as printed beside our F1 and counts."""
    rows = {
        **dict(list(simple.groupby("detector", sort=False))),
        **dict(list(last[last["variant"].isin(nested)].groupby("variant", sort=False))),
    }
    show.table(
        beside.table2(rows),
        "Table 2 of Causal-Ex as printed, and ours: F1 with its interval, and TP / detections /"
        " truths.",
        "tab-graph-table2",
    )


def rules_table(tables: Tables) -> None:
    """Show overall F1 of each variant under every rule other than the last epoch."""
    overall = tables["scores"].query("kind == 'overall' and rule != 'last epoch'")
    shown = show.with_interval(overall)
    for column in ("over_last", "over_peaks", "over_mdmd"):
        shown = show.with_interval(shown, column, f"{column}_low", f"{column}_high")
    for number, (database, rows) in enumerate(shown.groupby("database", sort=False)):
        show.table(
            rows[["variant", "rule", "f1", "over_last", "over_peaks", "over_mdmd", *COUNTS]],
            f"{style.readable(database)}: overall F1 under every other rule, what it adds to the"
            " last epoch, and what it is above detectors without a model.",
            f"tab-graph-rules-{number}",
            digits={"tp": 1, "n_pred": 1},
            headers=HEADERS,
        )


def shifts(tables: Tables) -> None:
    """Show F1 of Causal-Ex trained on true labels and on shifted ones."""
    shown = show.with_interval(tables["shifted"], "f1", "band_low", "band_high")
    show.table(
        shown,
        "F1 of Causal-Ex trained on the labels and on shifted ones; in brackets the middle 95 % of"
        " the F1 of the same detections on shifted labels.",
        "tab-graph-shifted",
        headers={"f1": "F1 [of shifts]"},
    )


def cross(tables: Tables, last: Frame) -> None:
    """Show Table 4 of Causal-Ex as printed beside our F1 across databases."""
    if len(tables["crossed"]):
        show.table(
            beside.table4(tables["crossed"], last),
            "Table 4 of Causal-Ex as printed, and ours: F1 with its interval, and TP / detections /"
            " truths.",
            "tab-graph-crossed",
        )


def sentences(last: Frame, first: str, tables: Tables) -> list[str]:
    """State how much the graph, the choice of epochs and nesting change overall F1."""
    overall = last.query("database == @first and kind == 'overall'").set_index("variant")
    whole = overall.loc["Causal-Ex"]
    comparison = overall.loc["random graph" if "random graph" in overall.index else "no graph"]
    by_rule = (
        tables["scores"]
        .query("variant == 'Causal-Ex' and kind == 'overall' and database == @first")
        .set_index("rule")
    )
    epoch = by_rule.loc["best epoch per subject"]
    lines = [
        f"On {style.readable(first)} Causal-Ex has an overall F1 of {whole['f1']:.3f}"
        f" [{whole['low']:.3f}, {whole['high']:.3f}]: {whole['gain']:+.3f}"
        f" [{whole['gain_low']:+.3f}, {whole['gain_high']:+.3f}] over the same network without a"
        f" graph; {comparison.name} gains {comparison['gain']:+.3f}"
        f" [{comparison['gain_low']:+.3f}, {comparison['gain_high']:+.3f}].",
        f"Letting each test subject choose its epoch adds {epoch['over_last']:.3f}"
        f" [{epoch['over_last_low']:.3f}, {epoch['over_last_high']:.3f}].",
    ]
    if "nested" in by_rule.index:
        inner = by_rule.loc["nested"]
        lines.append(
            f"Chosen on inner folds it has {inner['f1']:.3f}; that is {inner['over_peaks']:+.3f}"
            f" [{inner['over_peaks_low']:+.3f}, {inner['over_peaks_high']:+.3f}] above peaks of"
            f" motion and {inner['over_mdmd']:+.3f} [{inner['over_mdmd_low']:+.3f},"
            f" {inner['over_mdmd_high']:+.3f}] above MDMD."
        )
    return lines
