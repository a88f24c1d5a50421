"""Every claim, table and figure of both papers, its state, and what was printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from causalex_book.claims import consistency
from causalex_book.publishing import paper
from causalex_core.config import Parameters

SOURCES: Sequence[str] = ()

PARTS = {
    ("causal_ex", "tables"): "Causal-Ex: tables",
    ("causal_ex", "figures"): "Causal-Ex: figures",
    ("causal_ex", "text"): "Causal-Ex: claims in the text",
    ("causal_ex", "method"): "Causal-Ex: method and equations",
    ("causal_ex", "errors"): "Causal-Ex: known errors",
    ("causalnet", "claims"): "CausalNet",
}
PRINTED = ("table1", "table2", "table3", "table4")


@dataclass(frozen=True)
class Config(Parameters):
    """The page has no parameters."""


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Claims by part, their counts by state, printed tables and their checks.

    ``states`` counts claims of each part by state; ``differ`` and ``agree`` are the statements
    about printed values that do not hold and that do; then a table per part (``causal_ex_tables``,
    ...), one per printed table (``printed_table2``, ...), and ``transcription``, notes on single
    cells.
    """
    claims, checks = paper.claims(), consistency.checks()
    holds, statements = checks["holds"], checks.drop(columns=["topic", "holds"])
    return {
        "states": _states(claims),
        "differ": statements[~holds],
        "agree": statements[holds],
        **{
            f"{source}_{part}": _readable(
                claims[(claims["paper"] == source) & (claims["part"] == part)]
            )
            for source, part in PARTS
        },
        **{f"printed_{table}": _printed(table) for table in PRINTED},
        "transcription": _notes(),
    }


def _states(claims: pd.DataFrame) -> pd.DataFrame:
    """Number of claims by part and state, with totals."""
    keys = list(zip(claims["paper"], claims["part"], strict=True))
    counts = (
        pd.crosstab(pd.Series([PARTS[key] for key in keys]), claims["state"])
        .reindex(index=list(PARTS.values()), columns=list(paper.STATES), fill_value=0)
        .rename_axis(index="part", columns=None)
    )
    counts.loc["All"] = counts.sum()
    return counts.assign(all=counts.sum(axis=1)).reset_index()


def _readable(claims: pd.DataFrame) -> pd.DataFrame:
    """Claims of one part as the page shows them."""
    titles = paper.page_titles()
    return pd.DataFrame(
        [
            {
                "where": claim["where"],
                "claim": claim["claim"],
                "state": _state(claim["state"], claim["pages"], claim["later"], titles),
                "found, and what tests it": (
                    f"**{claim['finding']}** {claim['test']}" if claim["finding"] else claim["test"]
                ),
            }
            for claim in claims.to_dict("records")
        ]
    )


def _state(state: str, pages: Sequence[str], later: str, titles: Mapping[str, str]) -> str:
    """State with the later page and links to the pages that show evidence now."""
    links = ", ".join(f"[{titles[page]}]({_link(page)})" for page in pages)
    if later:
        return f"{state}: {later}" + (f"; so far: {links}" if links else "")
    return f"{state}: {links}" if links else state


def _link(page: str) -> str:
    """Relative path of a page's source: notebooks are in the same folder, prose one above."""
    path = PurePosixPath(page)
    return f"{path.name}.ipynb" if path.parts[0] == "pages" else f"../{path}.md"


def _printed(table: str) -> pd.DataFrame:
    """A printed table of Causal-Ex in its own shape."""
    cells = paper.printed("causal_ex", table)
    wide = cells.pivot(index="row", columns="column", values="printed")
    wide = wide.reindex(index=cells["row"].unique(), columns=cells["column"].unique())
    wide = wide.rename(index=_full, columns=_full).rename_axis(columns=None)
    return wide.reset_index()


def _notes() -> pd.DataFrame:
    """Cells of Causal-Ex whose transcription or value needs a word."""
    tables = [paper.printed("causal_ex", table).assign(table=table) for table in PRINTED]
    cells = pd.concat(tables, ignore_index=True)
    noted = cells[cells["note"] != ""].reset_index(drop=True)
    return noted.assign(
        table=noted["table"].str.replace("table", "Table "),
        row=noted["row"].map(_full),
        column=noted["column"].map(_full),
    )[["table", "row", "column", "printed", "note"]]


def _full(label: str) -> str:
    """Row or column label with the full name of its database."""
    key, _, rest = label.partition(" ")
    return " ".join([consistency.DATABASES.get(key, key), rest]).strip()
