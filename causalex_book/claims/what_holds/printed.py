"""Printed numbers, and those that were found."""

from collections.abc import Mapping

from causalex_book.claims.what_holds import stored
from causalex_book.claims.what_holds.verdicts import (
    PARTLY,
    ClaimTest,
    Finding,
    Tables,
    contain,
    in_short,
    number,
    of_print,
    rows_with,
)
from causalex_book.publishing import paper
from causalex_book.spotting.published_setting import NEAREST
from causalex_core.evaluation.operating_points import EPOCH, LAST

Cell = tuple[str, str, str]  # table, row and column of Causal-Ex


def within(variant: str, cells: Mapping[str, Cell]) -> ClaimTest:
    """Printed overall F1 of a network, by database, in the published setting.

    They hold if they come out at the last epoch on every database, and are partly reproduced if
    they come out under the published rule on one.
    """

    def test(tables: Tables) -> Finding:
        parts, at_last, published = [], [], []
        for database, cell in cells.items():
            last, best = (
                rows_with(stored.published(tables, variant, rule), database=database)
                for rule in (LAST, EPOCH)
            )
            value = paper.value("causal_ex", *cell)
            at_last.append(contain(last, value))
            published.append(contain(best, value))
            (of_best,), (of_last,) = best.to_dict("records"), last.to_dict("records")
            parts.append(
                f"{database}: printed {paper.text('causal_ex', *cell)}; {variant} has"
                f" {number(of_best, 'f1')} under the published rule, which adds"
                f" {number(of_best, 'over_last')}, and {number(of_last, 'f1')} at the last epoch"
            )
        return Finding(
            ". ".join(parts),
            of_print(all(at_last), any(published)),
            "printed numbers that come out where no test subject chooses its epoch",
        )

    return test


def across(variant: str, source: str, target: str, cell: Cell) -> ClaimTest:
    """Printed overall F1 of a network of one database on the other, at either frame rate."""

    def test(tables: Tables) -> Finding:
        last, best = (
            rows_with(
                stored.crossed(tables, variant, rule, NEAREST),
                trained_on=source,
                tested_on=target,
            )
            for rule in (LAST, EPOCH)
        )
        value = paper.value("causal_ex", *cell)
        return Finding(
            f"on {target}: printed {paper.text('causal_ex', *cell)}; found"
            f" {in_short(best, 'f1', 'rate')} under the published rule, and"
            f" {in_short(last, 'f1', 'rate')} at the last epoch",
            of_print(contain(last, value), contain(best, value)),
            "the frame rate and the rule of the paper, which it does not tell",
        )

    return test


def table1(tables: Tables) -> Finding:
    """Shares of kinds and of durations, from the public annotations."""
    cells = tables["table1"]["cells"]
    same = int((cells["verdict"] == "reproduced").sum())
    return Finding(
        f"{same} of {len(cells)} cells of Table 1 follow to the last digit under their own header;"
        " the two kinds of SAMM-LV and the headers of its last two groups are exchanged",
        PARTLY,
        "other annotation tables than the public ones",
    )
