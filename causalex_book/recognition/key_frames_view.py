"""Show how wrong key frames and flow of another source change recognition."""

from causalex_book.publishing import show
from causalex_book.publishing.results import Frame, Tables
from causalex_book.recognition import key_frames
from causalex_book.recognition.two_flows import AS_IS, BOTH, PLACED


def _wide(cells: Frame, value: str) -> Frame:
    """A row per recogniser and a column per value of ``at``, in their order."""
    rows, columns = (list(cells[name].drop_duplicates()) for name in ("recogniser", "at"))
    wide = cells.pivot(index="recogniser", columns="at", values=value)
    return wide.loc[rows, columns].reset_index()


def _percent(levels: Frame) -> Frame:
    return (100 * levels).round().astype(int).astype(str) + " %"


def people_table(tables: Tables) -> None:
    """Show how many synthetic micro-expressions each emotion has, and how long they last."""
    show.table(
        tables["people"],
        "Synthetic micro-expressions, and their median duration.",
        "tab-key-frame-people",
        digits={"seconds": 2},
    )


def scores_table(scores: Frame) -> None:
    """Show UF1 by distribution and level of errors."""
    cells = show.with_interval(scores.query("wrong == 'all three'"), "uf1")
    wide = _wide(cells.assign(at=cells["law"] + ", " + _percent(cells["level"])), "uf1")
    show.table(
        wide,
        "UF1 of synthetic people by law and level of the errors of all three key frames, with 95 %"
        " intervals over people.",
        "tab-key-frame-scores",
        headers={wide.columns[1]: "true key frames"},
    )


def changes_table(normal: Frame) -> None:
    """Show changes of UF1 by level of errors."""
    changes = show.with_interval(normal.query("level > 0"), "change", "change_low", "change_high")
    show.table(
        _wide(changes.assign(at=_percent(changes["level"])), "change"),
        "Change of UF1 against true key frames (normal errors of all three), paired by person.",
        "tab-key-frame-changes",
    )


def baseline_table(tables: Tables) -> None:
    """Show gains over the recogniser that sees onset and apex alone."""
    gains = show.with_interval(tables["beside"], "gain")
    show.table(
        _wide(gains.assign(at=_percent(gains["level"])), "gain"),
        "UF1 minus that of `compact, onset to apex` under normal errors of all three key frames,"
        " paired by person.",
        "tab-key-frame-beside",
    )


def flows_table(tables: Tables) -> None:
    """Show how CausalNet's and HTNet's flow of the same clips correlate and spread."""
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


def other_flow_table(tables: Tables) -> None:
    """Show UF1 on the training flow and on the other one."""
    cells = show.with_interval(tables["elsewhere"], "uf1")
    show.table(
        show.with_interval(cells, "gain", "gain_low", "gain_high"),
        "UF1, and its gain over the other flow as it is, paired by subject.",
        "tab-elsewhere",
        headers={"uf1": "UF1"},
    )


def conclusions(normal: Frame, tables: Tables) -> list[str]:
    """State how wrong key frames and another flow change each recogniser's UF1."""
    at = normal.set_index(["recogniser", "level"])
    worst = max(level for level in normal["level"])

    lines = []
    for name in at.index.unique("recogniser"):
        true, wrong = at.loc[(name, 0.0)], at.loc[(name, worst)]
        lines.append(
            f"`{name}` scores a UF1 of {show.interval(true, 'uf1')} with true key frames; normal"
            f" errors of {100 * worst:.0f} % of the duration change it by"
            f" {show.interval(wrong, 'change', 'change_low', 'change_high', with_sign=True)}."
        )
    gains = tables["beside"].set_index(["recogniser", "level"])
    for name in gains.index.unique("recogniser"):
        row = gains.loc[(name, worst)]
        lines.append(
            f"Where errors are largest, `{name}` gains {show.interval(row, 'gain', with_sign=True)}"
            " over the compact recogniser that sees onset and apex alone."
        )
    real = tables["elsewhere"].set_index(["recogniser", "trained_on", "flow"])
    for name, source in real.index.droplevel("flow").unique():
        in_domain, as_is, placed, both = (
            real.loc[(name, source, flow)] for flow in (key_frames.NO_CHANGE, AS_IS, PLACED, BOTH)
        )
        lines.append(
            f"Real clips, {name} trained on {source}'s flow: {in_domain['uf1']:.3f} in domain,"
            f" {as_is['uf1']:.3f} on the other flow, {placed['uf1']:.3f} with the face in the same"
            f" place, {both['uf1']:.3f} with place and scale."
        )
    return lines
