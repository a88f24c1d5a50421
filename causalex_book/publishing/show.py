"""What notebooks put on a page: notices, numbered tables, parameters, stamps.

Each call displays two forms of the same thing: MyST Markdown, which the book renders with
numbers and references, and HTML, which Jupyter shows to those who run a notebook by hand.
"""

import html
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from IPython.display import display

from causalex_book.publishing import markdown, style
from causalex_book.publishing.results import Frame, Result

_UNKNOWN = "–"


def notice(result: Result) -> None:
    """Say at the top of a page that its numbers are stored ones, if they are."""
    if result.origin == "computed":
        return
    computed = f"computed at commit `{result.stamp.commit}` on {result.stamp.device}"
    if result.missing:
        text = (
            "The data behind this page are not on the machine that built this book:"
            f" {', '.join(f'`{name}`' for name in result.missing)} missing."
            f" Tables and figures show the aggregates stored with the book, {computed}. To compute"
            f" them here: `causalex data fetch {' '.join(result.missing)} --accept-terms`."
        )
    else:
        text = (
            f"This page shows a long run, {computed} and stored with the book. To compute it here:"
            " `python3 run.py book --experiment paper`, or `stored = False` in the notebook."
        )
    _both(
        f":::{{admonition}} Stored results\n:class: warning stored-results\n\n{text}\n:::",
        f"<blockquote><b>Stored results.</b> {html.escape(text)}</blockquote>",
    )


def table(
    frame: pd.DataFrame,
    caption: str,
    name: str,
    digits: int | Mapping[str, int] = 3,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Show a tidy table, numbered and scrollable in the book.

    Parameters
    ----------
    frame
        What to show; the index is left out.
    caption
        One sentence under the table's number. May hold MyST roles.
    name
        Label for references, such as ``tab-durations``.
    digits
        Decimals of fractional columns, for all or by column.
    headers
        Readable headers by column; others show their own name with spaces.
    """
    shown = {column: _texts(frame[column], _digits(digits, str(column))) for column in frame}
    titles = [(headers or {}).get(str(column), str(column).replace("_", " ")) for column in frame]
    ruler = ["--:" if pd.api.types.is_numeric_dtype(frame[column]) else ":--" for column in frame]
    rows = list(zip(*shown.values(), strict=True))
    lines = [_row(titles), _row(ruler), *(_row([_escape(cell) for cell in row]) for row in rows)]
    _both(
        "\n".join([f"::::{{table}} {caption}", f":name: {name}", "", *lines, "", "::::"]),
        _captioned(pd.DataFrame(rows, columns=titles), caption),
    )


def with_interval(
    frame: pd.DataFrame,
    value: str = "f1",
    low: str = "low",
    high: str = "high",
    digits: int = 3,
) -> Frame:
    """Write a value and its interval as one cell, such as 0.464 [0.357, 0.530]; – is unknown.

    Parameters
    ----------
    frame
        Table with the three columns; `value` keeps its place, the other two go.
    value, low, high
        Names of the columns.
    digits
        Decimals.
    """
    texts = []
    for row in frame[[value, low, high]].itertuples(index=False):
        estimate, least, most = (_UNKNOWN if math.isnan(x) else f"{x:.{digits}f}" for x in row)
        known = not math.isnan(row[0])
        texts.append(f"{estimate} [{least},\N{NO-BREAK SPACE}{most}]" if known else estimate)
    return frame.assign(**{value: texts}).drop(columns=[low, high])


def interval(
    row: Frame, value: str = "f1", low: str = "low", high: str = "high", with_sign: bool = False
) -> str:
    """Text of a value of a row and its interval, such as 0.464 [0.357, 0.530]."""
    sign = "+" if with_sign else ""
    return f"{row[value]:{sign}.3f} [{row[low]:{sign}.3f}, {row[high]:{sign}.3f}]"


def parameters(result: Result) -> None:
    """Show the effective parameters of a page, and what each is, in one folded table."""
    listed = pd.DataFrame(
        [
            (f"`{name}`", f"`{value!r}`", result.sentences.get(name, ""))
            for name, value in result.parameters.items()
        ],
        columns=["parameter", "value", "what it is"],
    )
    rows = [_row([_escape(cell) for cell in row]) for row in listed.itertuples(index=False)]
    lines = [_row([*map(str, listed)]), _row([":--"] * listed.shape[1]), *rows]
    text = "\n".join(lines) if rows else "This page has no parameters."
    _both(
        f":::{{dropdown}} Parameters of this page\n\n{text}\n\n:::",
        listed.replace("`", "", regex=True).to_html(index=False, border=0),
    )


def stamp(result: Result) -> None:
    """Show under a result where it comes from."""
    origin = {"computed": "Computed for this build", "stored": "Stored with the book"}
    made = result.stamp
    text = (
        f"{origin[result.origin]} · commit {made.commit} · configuration {made.configuration}"
        f" · data {made.data} · code {made.code} · {made.device} · {made.seconds:.2f} s"
    )
    _both(f":::{{div}} stamp\n{text}\n:::", f"<small>{html.escape(text)}</small>")


def sentences(*lines: str) -> None:
    """Show sentences whose numbers come from the result."""
    lines = tuple(style.readable(line) for line in lines)
    text = "\n".join(f"- {line}" for line in lines)
    _both(text, "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>")


def _captioned(frame: pd.DataFrame, caption: str) -> str:
    text = html.escape(markdown.plain(caption))
    written = frame.to_html(index=False, border=0)
    return written.replace(">", f"><caption>{text}</caption>", 1)


def _both(myst: str, page: str) -> None:
    display({"text/markdown": myst, "text/html": page}, raw=True)


def _digits(digits: int | Mapping[str, int], column: str) -> int:
    return digits if isinstance(digits, int) else digits.get(column, 3)


def _texts(column: pd.Series, digits: int) -> list[str]:
    """Cells of a column as text; one fraction in it gives every number the same decimals."""
    numbers = [value for value in column if isinstance(value, float) and math.isfinite(value)]
    decimals = 0 if all(value.is_integer() for value in numbers) else digits
    return [_cell(value, decimals) for value in column]


def _cell(value: Any, decimals: int) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return _UNKNOWN
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return style.readable(str(value))
    return f"{value:,.{decimals if isinstance(value, float) else 0}f}".replace(",", "\u202f")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")
