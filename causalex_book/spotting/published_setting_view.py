"""Show how AUW-GCN and Causal-Ex score in the published setting under each rule."""

from pathlib import Path

from causalex_book.publishing import results, show, style
from causalex_book.publishing.results import Frame, Result, Tables
from causalex_book.spotting import (
    published_comparison,
)
from causalex_core import paths

ON_A_GPU = paths.PUBLISHED / "measured" / "gpu.json"  # of `benchmarks/gpu.py`
HEADERS = {"tp": "TP", "n_pred": "detections", "n_truth": "truths", "f1": "F1"}


def differences(tables: Tables, nearest: str) -> None:
    """Show the difference in overall F1 between networks under each rule."""
    rows = tables["differences"].query(f"{nearest} and kind == 'overall'")
    show.table(
        show.with_interval(rows, "gain", "gain_low", "gain_high")[
            ["database", "variant", "baseline", "rule", "gain"]
        ],
        "Difference of overall F1 with its 95 % interval, under each rule.",
        "tab-published-differences",
        headers={"variant": "network", "baseline": "less", "gain": "difference"},
    )


def rule_gain(overall: Frame) -> None:
    """Show how much overall F1 the published rule adds to the last epoch."""
    rows = overall.query("rule == 'best epoch per subject'")
    show.table(
        show.with_interval(rows, "over_last", "over_last_low", "over_last_high")[
            ["database", "variant", "f1", "over_last"]
        ],
        "What the published rule adds to the last epoch, paired by subject.",
        "tab-published-rule",
        headers={"variant": "network", "f1": "F1", "over_last": "more than the last epoch"},
    )


def countings(tables: Tables) -> None:
    """Show how rule, protocol and missing offsets change the overall F1 of AUW-GCN."""
    rows = tables["scores"].query("kind == 'overall' and variant == 'AUW-GCN'")
    show.table(
        rows.pivot_table(
            index=["database", "rule", "protocol"],
            columns="missing_offset",
            values="f1",
            sort=False,
        ).reset_index(),
        "Overall F1 of AUW-GCN under each rule, protocol and policy for missing offsets.",
        "tab-published-counting",
    )


def megc(tables: Tables, honest: str) -> None:
    """Show F1 and counts of the same detections under the MEGC protocol."""
    shown = show.with_interval(tables["scores"].query(honest))
    for number, (database, rows) in enumerate(shown.groupby("database", sort=False)):
        show.table(
            rows[["variant", "rule", "kind", "f1", "tp", "n_pred", "n_truth"]],
            f"{style.readable(database)}: the same detections counted as MEGC does, nothing"
            " imputed.",
            f"tab-published-megc-{number}",
            headers=HEADERS,
        )


def suspects(gap: Result) -> list[str]:
    """Show how far each suspect brings AUW-GCN on SAMM-LV towards the printed F1."""
    rows = gap.tables["suspects"].query("kind == 'macro'")
    show.table(
        show.with_interval(rows)[["changed_in", "suspect", "protocol", "f1", "tp", "n_pred"]],
        "AUW-GCN on SAMM-LV under the published rule: macro-expressions with each suspect changed.",
        "tab-published-suspects",
        headers={"changed_in": "changed in", **HEADERS},
    )
    return [*published_comparison.missing(gap.tables["suspects"])]


def inputs_and_cost(tables: Tables) -> None:
    """Show the inputs of each database, and the CPU time of training and scoring."""
    show.table(
        tables["inputs"],
        "Inputs: windows with expressions are those that train.",
        "tab-published-inputs",
        digits={"minutes": 0},
        headers={"training_windows": "windows with expressions"},
    )
    show.table(
        tables["cost"],
        "CPU time of training and of scoring the held-out subject after every epoch.",
        "tab-published-cost",
        digits=1,
        headers={"cpu_seconds_per_fold": "CPU s per fold and seed", "cpu_minutes": "CPU minutes"},
    )


def measured_on_a_gpu(stored: Path = ON_A_GPU) -> None:
    """Show what was measured on a GPU, or that nothing was."""
    if not stored.is_file():
        show.sentences("Nothing was measured on a GPU: `benchmarks/gpu.py` does it where one is.")
        return
    result = results.read(stored)
    show.table(
        result.tables["parts"],
        "Measured on a GPU by `benchmarks/gpu.py`, within a few minutes: what each part finished.",
        "tab-published-gpu",
        digits=0,
        headers={"seconds": "s"},
    )
    show.stamp(result)
