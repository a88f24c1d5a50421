"""Show the claims of Causal-Ex with their states, and checks of printed values."""

from causalex_book.publishing import show
from causalex_book.publishing.results import Frame


def tables_table(tables: Frame) -> None:
    """Show the state of each row or group of columns in the tables of Causal-Ex."""
    show.table(
        tables["causal_ex_tables"],
        caption="Tables of Causal-Ex, by row or group of columns.",
        name="tab-claims-tables",
    )


def figures_table(tables: Frame) -> None:
    """Show the state of each figure of Causal-Ex."""
    show.table(
        tables["causal_ex_figures"],
        caption="Figures of Causal-Ex.",
        name="tab-claims-figures",
    )


def text_table(tables: Frame) -> None:
    """Show the state of each claim that the text of Causal-Ex makes."""
    show.table(
        tables["causal_ex_text"],
        caption="What the text of Causal-Ex claims.",
        name="tab-claims-text",
    )


def method_table(tables: Frame) -> None:
    """Show the state of each equation and step of the method of Causal-Ex."""
    show.table(
        tables["causal_ex_method"],
        caption="Equations and steps of the method of Causal-Ex.",
        name="tab-claims-method",
    )


def checks_table(tables: Frame) -> None:
    """Show which statements about printed values hold and which do not."""
    show.table(
        tables["differ"],
        caption="Statements about printed values that do not hold.",
        name="tab-claims-differ",
    )
    show.table(
        tables["agree"],
        caption="Statements about printed values that hold.",
        name="tab-claims-agree",
    )


def transcription_table(tables: Frame) -> None:
    """Show the notes on single cells of the printed tables."""
    show.table(
        tables["transcription"],
        caption="Notes on single cells of the printed tables.",
        name="tab-printed-notes",
    )
