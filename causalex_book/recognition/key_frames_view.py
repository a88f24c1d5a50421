"""Tables, figures and sentences of the notebook key_frames."""

from causalex_book.publishing import show
from causalex_book.publishing.results import Frame, Tables
from causalex_book.recognition import key_frames
from causalex_book.recognition.two_flows import AS_IS, BOTH, PLACED


def interval(row: Frame, value: str = "uf1", low: str = "low", high: str = "high") -> str:
    """A value with its interval."""
    sign = "" if value == "uf1" else "+"
    return f"{row[value]:{sign}.3f} [{row[low]:{sign}.3f}, {row[high]:{sign}.3f}]"


def people_table(tables: Tables) -> None:
    """Show the table of people."""
    show.table(
        tables["people"],
        "Synthetic micro-expressions, and their median duration.",
        "tab-key-frame-people",
        digits={"seconds": 2},
    )


def scores_table(scores: Frame) -> None:
    """Show the table of scores."""
    cells = show.with_interval(scores.query("wrong == 'all three'"), "uf1")
    cells["at"] = (
        cells["law"] + ", " + (100 * cells["level"]).round().astype(int).astype(str) + " %"
    )
    columns = list(cells["at"].drop_duplicates())
    wide = cells.pivot(index="recogniser", columns="at", values="uf1")
    show.table(
        wide.loc[list(cells["recogniser"].drop_duplicates()), columns].reset_index(),
        "UF1 of synthetic people by law and level of the errors of all three key frames, with 95 %"
        " intervals over people.",
        "tab-key-frame-scores",
        headers={columns[0]: "true key frames"},
    )


def changes_table(normal: Frame) -> None:
    """Show the table of changes."""
    changes = show.with_interval(normal.query("level > 0"), "change", "change_low", "change_high")
    changes["at"] = (100 * changes["level"]).round().astype(int).astype(str) + " %"
    columns = list(changes["at"].drop_duplicates())
    wide = changes.pivot(index="recogniser", columns="at", values="change")
    show.table(
        wide.loc[list(changes["recogniser"].drop_duplicates()), columns].reset_index(),
        "Change of UF1 against true key frames (normal errors of all three), paired by person.",
        "tab-key-frame-changes",
    )


def beside_table(tables: Tables) -> None:
    """Show the table of beside."""
    beside = show.with_interval(tables["beside"], "gain")
    beside["at"] = (100 * beside["level"]).round().astype(int).astype(str) + " %"
    columns = list(beside["at"].drop_duplicates())
    wide = beside.pivot(index="recogniser", columns="at", values="gain")
    show.table(
        wide.loc[list(beside["recogniser"].drop_duplicates()), columns].reset_index(),
        "UF1 minus that of `compact, onset to apex` under normal errors of all three key frames,"
        " paired by person.",
        "tab-key-frame-beside",
    )


def flows_table(tables: Tables) -> None:
    """Show the table of flows."""
    show.table(
        tables["flows"],
        "CausalNet's and HTNet's flow of the same clips: correlation, share of clips in which it is"
        " positive, and spread of the values (root of their mean square, grey levels).",
        "tab-two-flows",
        headers={
            "same_sign": "positive in",
            "spread_causalnet": "spread, CausalNet",
            "spread_htnet": "spread, HTNet",
        },
    )


def elsewhere_table(tables: Tables) -> None:
    """Show the table of elsewhere."""
    cells = show.with_interval(tables["elsewhere"], "uf1")
    show.table(
        show.with_interval(cells, "gain", "gain_low", "gain_high"),
        "UF1, and its gain over the other flow as it is, paired by subject.",
        "tab-elsewhere",
        headers={"uf1": "UF1"},
    )


def conclusions(normal: Frame, tables: Tables) -> list[str]:
    """Sentences whose numbers, and words, follow from the tables."""
    at = normal.set_index(["recogniser", "level"])
    worst = max(level for level in normal["level"])

    lines = []
    for name in at.index.unique("recogniser"):
        true, wrong = at.loc[(name, 0.0)], at.loc[(name, worst)]
        lines.append(
            f"`{name}` reads a UF1 of {interval(true)} with true key frames; normal errors of"
            f" {100 * worst:.0f} % of the duration change it by"
            f" {interval(wrong, 'change', 'change_low', 'change_high')}."
        )
    gains = tables["beside"].set_index(["recogniser", "level"])
    for name in gains.index.unique("recogniser"):
        row = gains.loc[(name, worst)]
        lines.append(
            f"Where errors are largest, `{name}` reads {interval(row, 'gain')} against the compact"
            " recogniser that sees onset and apex alone."
        )
    real = tables["elsewhere"].set_index(["recogniser", "trained_on", "flow"])
    for name, home in real.index.droplevel("flow").unique():
        in_domain, as_is, placed, both = (
            real.loc[(name, home, flow)] for flow in (key_frames.NO_CHANGE, AS_IS, PLACED, BOTH)
        )
        lines.append(
            f"Real clips, {name} trained on {home}'s flow: {in_domain['uf1']:.3f} at home,"
            f" {as_is['uf1']:.3f} on the other flow, {placed['uf1']:.3f} with the face in the same"
            f" place, {both['uf1']:.3f} with place and scale."
        )
    return lines
