"""Show the annotations of both databases, and Table 1 of Causal-Ex recomputed from them."""

import pandas as pd

from causalex_book.data import table1
from causalex_book.publishing import paper, show
from causalex_book.publishing.results import Tables


def overview_table(tables: Tables) -> None:
    """Show how many subjects, videos and expressions each database has."""
    overview = tables["overview"].pivot(index="what", columns="database", values="value")
    order = tables["overview"]["what"].drop_duplicates()
    show.table(
        overview.loc[order].rename_axis(columns=None).reset_index(),
        "The two databases. Videos without an expression are counted, too.",
        "tab-databases",
        headers={"what": "", "CAS(ME)^2": "CAS(ME)²"},
    )
    per_subject = tables["videos_per_subject"].pivot(
        index="videos", columns="database", values="subjects"
    )
    show.table(
        per_subject.fillna(0).astype(int).rename_axis(columns=None).reset_index(),
        "Number of subjects that have so many videos.",
        "tab-videos-per-subject",
        headers={"videos": "videos of the subject", "CAS(ME)^2": "CAS(ME)²"},
    )


def choices(tables: Tables) -> None:
    """Show which choice of rows brings the recomputed shares nearest to Table 1."""
    show.table(
        pd.DataFrame([{"rows": name, "which": text} for name, (text, _) in table1.ROWS.items()]),
        "Choices of rows.",
        "tab-choices",
    )
    show.table(
        tables["subsets"],
        "Shares (%) of the three ranges for each choice of rows, the other choices as in"
        " {numref}`tab-table1`, and how many of the three cells print as in the paper.",
        "tab-subsets",
        digits=1,
        headers={"share_1": "first range", "share_2": "second range", "share_3": "third range"},
    )
    show.table(
        tables["rules"].groupby("database").head(3),
        "The three nearest combinations of each database: cells of nine that print alike, largest"
        " deviation of a share (points), and expressions apart over the three groups.",
        "tab-rules",
        digits=2,
        headers={"largest_deviation": "largest deviation"},
    )
    show.table(
        tables["nearest"],
        "Expressions in the three ranges, and the nearest counts whose percentages print as the"
        " paper's (an expression that moves from one range to another counts once).",
        "tab-nearest",
        headers={
            "counts": "recomputed",
            "print_as_the_paper": "would print as the paper",
            "of_those": "of",
        },
    )


def headers(tables: Tables) -> None:
    """Show SAMM shares under printed and exchanged headers, and gaps in the printed ranges."""
    show.table(
        tables["headers"],
        "SAMM Long Videos: shares (%) under the headers as printed and under exchanged ones.",
        "tab-headers",
        digits=1,
        headers={"largest_deviation": "largest deviation (points)"},
    )
    show.table(
        tables["gaps"],
        "CAS(ME)²: the printed ranges leave one difference out in each group. It is counted in the"
        " last range here.",
        "tab-gaps",
    )


def text_counts(tables: Tables) -> None:
    """Show expressions by kind as the text counts them and as they are annotated."""
    show.table(
        tables["text_counts"],
        "Expressions by kind, in the text of the paper, annotated, and annotated with an offset;"
        " and their shares (%) beside those printed in Table 1.",
        "tab-text-counts",
        digits=2,
        headers={
            "with_offset": "with an offset",
            "printed": "Table 1 (%)",
            "text_share": "text (%)",
            "annotated_share": "annotated (%)",
            "with_offset_share": "with an offset (%)",
        },
    )


def durations_table(tables: Tables) -> None:
    """Show expression durations, and kinds that disagree with the half-second rule."""
    show.table(
        tables["durations"],
        "Durations in seconds, onset and offset frame included.",
        "tab-durations",
        digits=2,
    )
    show.table(
        tables["half_second"],
        "Expressions whose annotated kind disagrees with the rule of half a second, with the"
        " duration as offset minus onset and with both frames included.",
        "tab-half-second",
        digits=1,
        headers={"against_the_rule": "against the rule", "percent": "%"},
    )


def odd_tables(tables: Tables) -> None:
    """Show odd and overlapping annotations, and AUW-GCN rows that follow official sheets."""
    show.table(
        tables["oddities"],
        "Odd rows. An onset at frame 0 means that the expression was already running.",
        "tab-oddities",
    )
    show.table(
        tables["overlaps"], "Pairs of expressions of one video that share frames.", "tab-overlaps"
    )
    show.table(
        tables["sources_agree"],
        "Rows of AUW-GCN's tables that follow from the official sheets. f is an official frame"
        " number.",
        "tab-sources-agree",
        headers={"rows": "rows of AUW-GCN", "equal_rows": "equal"},
    )


def conclusions(tables: Tables) -> list[str]:
    """State which cells of Table 1 follow from the annotations, and under which headers."""
    cells = tables["cells"]
    cas = cells[cells["database"] == "CAS(ME)^2"]
    exact = cells["verdict"].str.startswith("reproduced")
    renamed = cells["header"] != cells["true_header"]
    off = (cells["recomputed"] - cells["printed"].astype(float)).abs()
    headers = tables["headers"].set_index(["group", "headers"])
    first = {
        heading: headers.loc[("offset-apex", heading), "recomputed"].split(" / ")[0]
        for heading in ("as printed", "exchanged")
    }
    caption = paper.text("causal_ex", "table1_caption", "samm offset-apex below 51", "printed")
    text_total = tables["text_counts"].query("database == 'CAS(ME)^2'")["text"].sum()
    half = tables["half_second"].query("kind == 'micro'").set_index(["database", "counting"])
    reading = tables["reading"].set_index("what")["SAMM-LV"]
    return [
        f"Of {len(cells)} printed cells, {exact.sum()} follow from the annotations to the last"
        f" digit ({(exact & renamed).sum()} of them under another header). The other"
        f" {(~exact).sum()} ({(~exact & renamed).sum()} of them under another header) miss by at"
        f" most {off[~exact].max():.2f} percentage points.",
        "The SAMM row has the kinds exchanged: most of its expressions are macro-expressions, not"
        " micro-expressions.",
        f"The caption says that {caption} % of SAMM's expressions have offset and apex less than 51"
        f" frames apart. That is false: {first['as printed']} % have. {first['exchanged']} % have"
        " them less than 101 frames apart.",
        "The percentages of kinds in CAS(ME)^2 come from the"
        f" {cas['of'].iloc[0]} expressions with an annotated offset, not from the {text_total} of"
        " the text.",
        "The rule of half a second fits SAMM's kinds without exception if the duration is offset"
        " minus onset. Counting both frames puts"
        f" {half.loc[('CAS(ME)^2', 'inclusive'), 'percent']:.1f} % of CAS(ME)^2's micro-expressions"
        " above it: follow the annotated kind, do not derive it from the duration.",
        f"{reading['bare numbers only']} of {reading['expressions']} SAMM expressions have action"
        " units that are bare numbers; what follows from that is on the page about the prior"
        " graph.",
    ]
