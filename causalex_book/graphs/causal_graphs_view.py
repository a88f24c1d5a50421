"""Show how well FCI recovers known graphs from simulated series."""

from collections.abc import Sequence

from causalex_book.publishing import show
from causalex_book.publishing.results import Frame, Tables


def readable(table: Frame) -> Frame:
    """Rates with their intervals in one cell each."""
    for rate in ("precision", "recall", "f1", "mark_f1", "marks_right"):
        table = show.with_interval(table, rate, f"{rate}_low", f"{rate}_high", digits=2)
    return table


HEADERS = {
    "sample_size": "sample size",
    "possible_d_sep": "possible d-sep",
    "f1": "F1",
    "mark_f1": "F1 of marks",
    "marks_right": "definite marks right",
}


def recovery_table(tables: Tables) -> None:
    """Show how well FCI recovers edges and marks, from one series and from pooled clips."""
    show.table(
        readable(tables["recovery"]),
        "Edges and marks against the truth. A mark is definite if it is an arrowhead or a tail. F1"
        " of marks counts those of the true partial ancestral graph, all that independence can"
        " tell; the last column judges definite marks on true edges by the ancestral graph itself.",
        "tab-recovery",
        headers=HEADERS,
    )
    show.table(
        readable(tables["pooling"]),
        "Pooling clips of one model: smooth series, effective sample size, full search.",
        "tab-pooling",
        headers=HEADERS,
    )


def compared_table(tables: Tables, frames: Sequence[int]) -> None:
    """Show how our FCI and causal-learn's differ on the same series and by hash seed."""
    show.table(
        readable(tables["compared"]),
        f"Our FCI and causal-learn's on the same white series of {sorted(frames)[len(frames) // 2]}"
        " frames. Milliseconds: the median of one graph, on the machine that built this page.",
        "tab-compared",
        digits={"same_in_another_column_order": 2, "milliseconds": 1},
        headers=HEADERS | {"same_in_another_column_order": "same in another column order"},
    )
    show.table(
        tables["repeated"],
        "The same samples in several processes that differ in PYTHONHASHSEED alone: graphs that"
        " come out the same in all of them, and graphs whose edges do.",
        "tab-repeated",
    )


def conclusions(tables: Tables, frames: Sequence[int]) -> list[str]:
    """State how far FCI's edges and marks are true, and how causal-learn's graphs change."""
    independent = tables["independent"].set_index(["series", "sample_size"])["false_edges"]
    rates = (
        tables["recovery"]
        .query("possible_d_sep == 'yes'")
        .set_index(["series", "frames", "sample_size"])
    )
    longest = max(frames)
    smooth, white = (
        rates.loc[("smooth", longest, "bartlett")],
        rates.loc[("white", longest, "frames")],
    )
    marks = tables["edges"].set_index(["series", "sample_size"]).loc[("smooth", "bartlett")]
    theirs, ours = "causal-learn", "causalex"
    compared, exact, again = (
        tables[name].set_index("backend") for name in ("compared", "exact", "repeated")
    )
    columns, wrong = compared["same_in_another_column_order"], exact["contradict_the_truth"]
    changed = again["graphs"] - again["same_under_all"]
    return [
        f"Among independent smooth series, counting every frame gives"
        f" {independent['smooth', 'frames']:.0f} false edges of 66; the effective sample size gives"
        f" {independent['smooth', 'bartlett']:.1f}.",
        f"With {longest} smooth frames and the effective sample size, FCI finds"
        f" {smooth['recall']:.0%} of the true edges, and {smooth['precision']:.0%} of what it finds"
        " is true.",
        f"Even with {longest} independent frames, {1 - white['marks_right']:.0%} of the arrowheads"
        " and tails are wrong. A matrix built from directed edges alone rests on the least certain"
        " part of the graph.",
        f"With the effective sample size, {marks['no_directed_edge']:.0%} of the graphs from smooth"
        " series have no directed edge at all: such a matrix is then empty.",
        f"causal-learn changes {1 - columns[theirs]:.0%} of its graphs with the order of the"
        f" columns, {changed[theirs]} of {again.loc[theirs, 'graphs']} with the hash seed, and"
        f" contradicts the truth in {wrong[theirs]} of {exact.loc[theirs, 'graphs']} graphs when"
        f" every answer it gets is right. Ours: {1 - columns[ours]:.0%}, {changed[ours]} and"
        f" {wrong[ours]}.",
    ]
