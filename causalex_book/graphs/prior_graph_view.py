"""Show the prior graph of Causal-Ex recomputed with AUW-GCN's map and with a FACS map."""

from causalex_book.publishing import show
from causalex_book.publishing.results import Tables


def agreement(tables: Tables) -> None:
    """Show how closely the formula reproduces the published prior matrix."""
    show.table(
        tables["agreement"],
        "The formula on each annotation table, with AUW-GCN's map, against the published matrix.",
        "tab-prior-agreement",
        digits=4,
        headers={
            "contributing": "expressions that contribute",
            "differing_cells": "differing cells",
        },
    )
    show.table(
        tables["arithmetic"],
        "CAS(ME)²: the order of the arithmetic shows in the last bits.",
        "tab-prior-arithmetic",
        digits=9,
    )


def mapping(tables: Tables) -> None:
    """Show each action unit's landmarks in both maps, and how many expressions each map uses."""
    show.table(
        tables["mapping"],
        "Landmarks (68-point scheme, from 0) of each action unit as shipped and by FACS, why, and"
        " the number of expressions that show it.",
        "tab-prior-mapping",
        headers={
            "action_unit": "AU",
            "as_shipped": "as shipped",
            "facs": "FACS",
            "CAS(ME)^2": "CAS(ME)²",
        },
    )
    show.table(
        tables["use"],
        "How many expressions contribute under each map and reading, and how full the matrix is.",
        "tab-prior-use",
        digits=1,
        headers={"percent": "%", "cells_above_zero": "cells above 0 of 144"},
    )


def conclusions(tables: Tables) -> list[str]:
    """State which published priors are reproduced, and what AUW-GCN's map leaves empty."""
    agreement = tables["agreement"].set_index(["database", "reading"])
    use = tables["use"].set_index(["database", "map", "reading"])
    leakage = tables["leakage"].set_index(["database", "map"])
    cas, samm = "CAS(ME)^2", "SAMM-LV"
    changed = leakage.loc[(cas, "AUW-GCN")]
    return [
        "The prior of CAS(ME)^2 is reproduced exactly:"
        f" {agreement.loc[(cas, 'exact'), 'differing_cells']} of 144 cells differ.",
        "The prior of SAMM does not follow from the published table. The formula as shipped uses"
        f" {agreement.loc[(samm, 'exact'), 'contributing']} of"
        f" {agreement.loc[(samm, 'exact'), 'expressions']} expressions and misses by up to"
        f" {agreement.loc[(samm, 'exact'), 'largest_difference']:.3f}; without one-sided units it"
        f" comes within {agreement.loc[(samm, 'two-sided'), 'largest_difference']:.4f}.",
        "With AUW-GCN's map the nose regions have no edge in either database, so a graph layer with"
        " this matrix alone never sees their motion.",
        f"A map that follows FACS uses {use.loc[(cas, 'FACS', 'tolerant'), 'percent']:.0f} % of the"
        f" expressions of CAS(ME)^2 and {use.loc[(samm, 'FACS', 'tolerant'), 'percent']:.0f} % of"
        f" SAMM instead of {use.loc[(cas, 'AUW-GCN', 'exact'), 'percent']:.0f} % and"
        f" {use.loc[(samm, 'AUW-GCN', 'exact'), 'percent']:.0f} %.",
        "The empty cells that the paper sees in Fig. 6 (right) come from the map:"
        f" {144 - use.loc[(cas, 'AUW-GCN', 'exact'), 'cells_above_zero']} of 144 cells are empty"
        f" with AUW-GCN's and {144 - use.loc[(cas, 'FACS', 'tolerant'), 'cells_above_zero']} with"
        " the FACS one, from the same annotations.",
        "Leaving the held-out subject out changes the matrix in"
        f" {changed['folds'] - changed['folds_unchanged']} of {changed['folds']} folds of"
        f" CAS(ME)^2: by {changed['median_change']:.3f} in the most changed cell of the median"
        f" fold, by {changed['largest_change']:.2f} in the most changed one.",
        "Whether any of this changes spotting scores is not decided here: it takes training runs"
        " with each matrix.",
    ]
