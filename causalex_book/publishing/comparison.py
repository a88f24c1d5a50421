"""The runs of an ablation side by side: one tidy table, and one page that needs nothing else."""

import html
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

from causalex_book.publishing import readable
from causalex_book.publishing.results import Result

TEMPLATE = Path(__file__).with_name("comparison.html")
_DIGITS = 4  # significant ones


@dataclass(frozen=True)
class RunResult:
    """The results of one run.

    Attributes
    ----------
    run, point
        Its name, and the values that tell it from the other runs.
    results, seconds
        Of the pages that its notebook obtained; time taken.
    page, notebook
        Links to what was executed: a page to read, and the notebook.
    """

    run: str
    point: Mapping[str, Any]
    results: Sequence[Result]
    seconds: float
    page: str
    notebook: str


def tidy(outcomes: Sequence[RunResult], varied: Sequence[str]) -> pd.DataFrame:
    """All tables of all runs under each other.

    ``run``, the varied parameters, ``page``, ``table``, ``origin`` (``stored``: read with the
    book's own parameters, because the data are not here), then the columns of all tables; a table
    leaves empty those that it does not have. A column that is called like one of the first gets the
    name of its table in front: ``scores.seed``.
    """
    parts = [
        _beside(_opening(outcome, varied, result, name), frame, name)
        for outcome in outcomes
        for result in outcome.results
        for name, frame in result.tables.items()
    ]
    if not parts:
        return pd.DataFrame(columns=["run", *varied, "page", "table", "origin"])
    return pd.concat(parts, ignore_index=True)


def _opening(
    outcome: RunResult, varied: Sequence[str], result: Result, table: str
) -> dict[str, object]:
    values = {name: _plain(_value(outcome, name, result)) for name in varied}
    origin = {"page": result.name, "table": table, "origin": result.origin}
    return {"run": outcome.run, **values, **origin}


def _value(outcome: RunResult, name: str, result: Result) -> Any:
    """Value of a parameter in a run: the given one, or the page's own."""
    return outcome.point.get(name, result.parameters.get(name))


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, tuple, dict)) else value


def _beside(opening: Mapping[str, object], frame: pd.DataFrame, table: str) -> pd.DataFrame:
    prefixed = {column: f"{table}.{column}" for column in frame if column in opening}
    repeated = {name: [value] * len(frame) for name, value in opening.items()}
    return pd.concat(
        [pd.DataFrame(repeated), frame.rename(columns=prefixed).reset_index(drop=True)], axis=1
    )


def page(
    name: str,
    notebook: str,
    fixed: Mapping[str, Any],
    varied: Sequence[str],
    outcomes: Sequence[RunResult],
    runs: int,
) -> str:
    """HTML of the comparison: each table of all runs, sortable, with intervals drawn.

    Parameters
    ----------
    name, notebook
        Names of the experiment and of the notebook that was run.
    fixed, varied
        Parameters that are the same in all runs, and those that differ.
    outcomes, runs
        Results of the runs that are done, and the number of all runs.
    """
    tables = {
        (result.name, table): None
        for outcome in outcomes
        for result in outcome.results
        for table in result.tables
    }
    given = ", ".join(f"{name} = {_plain(value)}" for name, value in fixed.items())
    stored = any(result.origin == "stored" for outcome in outcomes for result in outcome.results)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(f"Comparison: {name}"),
        style=readable.STYLE.read_text(encoding="utf-8"),
        summary=html.escape(
            f"{len(outcomes)} of {runs} runs of the notebook {notebook} are done. They differ in"
            f" {', '.join(varied)}; {f'all have {given}' if given else 'nothing else was set'}."
        ),
        stored=_STORED if stored else "",
        runs=_runs(outcomes, varied),
        contents="".join(
            f'<li><a href="#t{index}">{html.escape(_title(*key))}</a></li>'
            for index, key in enumerate(tables)
        ),
        tables="\n".join(
            _section(f"t{index}", key, outcomes, varied) for index, key in enumerate(tables)
        ),
    )


_STORED = (
    '<p class="warning"><strong>Stored results.</strong> Rows of origin <em>stored</em> were read'
    " from the book, because the data behind them are not here or the notebook asks for no"
    " computation. They do not depend on the parameters beside them.</p>"
)


def _title(page: str, table: str) -> str:
    return f"{page}: {table}".replace("_", " ")


def _runs(outcomes: Sequence[RunResult], varied: Sequence[str]) -> str:
    """The runs themselves: what each was given, how long it took, what was executed."""
    heads = [*varied, "seconds", "page", "notebook"]
    rows = [
        [
            *(_cell(outcome.point.get(name)) for name in varied),
            _cell(round(outcome.seconds, 1)),
            _td(_link(outcome.page, outcome.run), outcome.run),
            _td(_link(outcome.notebook, ".ipynb"), f"{outcome.run}.ipynb"),
        ]
        for outcome in outcomes
    ]
    return _table(heads, rows, "Runs")


def _section(
    anchor: str, key: tuple[str, str], outcomes: Sequence[RunResult], varied: Sequence[str]
) -> str:
    page, table = key
    blocks = [
        (outcome, result, result.tables[table])
        for outcome in outcomes
        for result in outcome.results
        if result.name == page and table in result.tables
    ]
    columns = list(dict.fromkeys(str(column) for *_, frame in blocks for column in frame))
    triples = _intervals(columns)
    bounds = {bound for pair in triples.values() for bound in pair}
    shown = [column for column in columns if column not in bounds]
    whole = pd.concat([frame for *_, frame in blocks], ignore_index=True)
    scales = {value: _scale(whole, value, *pair) for value, pair in triples.items()}
    rows = []
    for outcome, result, frame in blocks:
        opening = [_cell(_value(outcome, name, result)) for name in varied]
        link = _link(outcome.page, result.origin)
        for row in frame.to_dict("records"):
            cells = [
                _interval(scales[column], row.get(column), *map(row.get, triples[column]))
                if column in triples
                else _cell(row.get(column))
                for column in shown
            ]
            rows.append([*opening, *cells, _td(link, result.origin)])
    title = _title(page, table)
    return (
        f'<section id="{anchor}"><h2>{html.escape(title)}</h2>'
        f'<p class="tools"><label>Rows with <input type="search" data-filter></label>'
        f' <button type="button" data-download="{html.escape(f"{page}.{table}.csv")}">'
        "Download CSV</button> <span data-count></span></p>"
        f"{_table([*varied, *shown, 'page'], rows, title, len(varied))}</section>"
    )


def _intervals(columns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Columns with an interval, and the two that hold its ends."""
    intervals = {}
    for index, low in enumerate(columns):
        high = f"{low.removesuffix('low')}high"
        value = columns[index - 1] if low == "low" and index else low.removesuffix("_low")
        if low.endswith("low") and value != low and {value, high} <= set(columns):
            intervals[value] = (low, high)
    return intervals


def _scale(frame: pd.DataFrame, *columns: str) -> tuple[float, float]:
    """Least and greatest number in some columns."""
    numbers = frame[list(columns)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    finite = numbers[pd.notna(numbers)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)


def _interval(scale: tuple[float, float], value: Any, low: Any, high: Any) -> str:
    """A value with its interval, as numbers and drawn to the scale of its column."""
    if any(number is None or pd.isna(number) for number in (value, low, high)):
        return _cell(value)
    least, most = scale
    width = most - least or 1.0
    left, middle, right = (100 * (number - least) / width for number in (low, value, high))
    drawn = (
        f'<span class="drawn" aria-hidden="true"><i style="left:{left:.1f}%;'
        f'width:{max(right - left, 0):.1f}%"></i><b style="left:{middle:.1f}%"></b></span>'
    )
    text = f"{_text(value)} [{_text(low)}, {_text(high)}]"
    return _td(f"<span>{text}</span>{drawn}", value, "number interval")


def _cell(value: Any) -> str:
    if isinstance(value, (list, tuple, dict)):
        return _td(html.escape(json.dumps(value)), json.dumps(value))
    if value is None or pd.isna(value):
        return _td("–", "")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return _td(html.escape(_text(value)), value, "number" if number else "")


def _text(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.{_DIGITS}g}"
    return str(value)


def _link(target: str, text: str) -> str:
    return f'<a href="{html.escape(target)}">{html.escape(text)}</a>'


def _td(content: str, value: Any, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<td{named} data-value="{html.escape(str(value))}">{content}</td>'


def _table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str, varied: int = 0
) -> str:
    return "".join(_lines(heads, rows, caption, varied))


def _lines(
    heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str, varied: int
) -> Iterator[str]:
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{html.escape(caption)}">'
    yield "<table><thead><tr>"
    for index, head in enumerate(heads):
        kind = ' class="varied"' if index < varied else ""
        name = html.escape(head.replace("_", " "))
        yield f'<th scope="col"{kind}><button type="button">{name}</button></th>'
    yield "</tr></thead><tbody>\n"
    for row in rows:
        yield f"<tr>{''.join(row)}</tr>\n"
    yield "</tbody></table></div>"
