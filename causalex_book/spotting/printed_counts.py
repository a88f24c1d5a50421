"""The counts behind printed F1 scores, and what they say about the claims made of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_book.publishing import paper
from causalex_book.spotting.back_solving import joint_counts
from causalex_core.config import Count, Parameters, Seed
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.evaluation.uncertainty import percentile_interval
from causalex_core.expressions import KINDS

SOURCES = ()
SHORT = {CAS: "cas", SAMM: "samm"}
VIDEOS = {CAS: 98, SAMM: 147}
# Non-maximum suppression of this family keeps at most so many detections per video and kind; a
# model brings the setting of the database it was trained on.
KEPT_PER_VIDEO = {CAS: {"macro": 5, "micro": 5}, SAMM: {"macro": 6, "micro": 5}}
BEFORE, AFTER = "Causal-Ex, before debiasing", "Causal-Ex, after debiasing"
AFTER_4 = "Causal-Ex, after debiasing (Table 4)"
AUW, AUW_AGAIN = "AUW-GCN, as published", "AUW-GCN, run by others"
COMPARISONS = (
    (CAS, AFTER, BEFORE),
    (SAMM, AFTER_4, BEFORE),
    (CAS, AFTER, AUW),
    (SAMM, AFTER_4, AUW),
    (CAS, AFTER, AUW_AGAIN),
    (SAMM, AFTER_4, AUW_AGAIN),
)


@dataclass(frozen=True)
class Run:
    """A printed row: where it stands, what was tested and what it was trained on."""

    name: str
    paper: str
    table: str
    row: str
    tested_on: str
    trained_on: str


def _runs() -> Iterator[Run]:
    for database in SHORT:
        for name, source, table, row in (
            (BEFORE, "causal_ex", "table2", "Ours (Before Debias)"),
            (AFTER, "causal_ex", "table2", "Ours (After Debias)"),
            (AFTER_4, "causal_ex", "table4", f"{SHORT[database]} (Causal+Prior)"),
            ("Causal-Ex, causal graph only", "causal_ex", "table4", f"{SHORT[database]} (Causal)"),
            (AUW, "spotting", "elsewhere", "AUW-GCN"),
            (AUW_AGAIN, "spotting", "elsewhere", "AUW-GCN, run by others"),
        ):
            yield Run(name, source, table, row, tested_on=database, trained_on=database)
        other = SAMM if database == CAS else CAS
        for graph, row in (("", "Causal+Prior"), (", causal graph only", "Causal")):
            name = f"Causal-Ex, trained on {other}{graph}"
            row = f"{SHORT[other]} ({row})"
            yield Run(name, "causal_ex", "table4", row, tested_on=database, trained_on=other)


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    n_draws
        Simulated repetitions behind each interval.
    seed
        Seed of the simulation.
    """

    n_draws: Count = 20_000
    seed: Seed = 1


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``solutions``, ``comparisons`` and ``other_truths`` of the page on counts."""
    runs = list(_runs())
    solved = {(run.tested_on, run.name): _solve(run, _truths(run.tested_on)) for run in runs}
    in_text = {
        kind: int(paper.value("causal_ex", "text", f"cas {kind}", "printed")) for kind in KINDS
    }
    other = {
        (run.tested_on, run.name): _solve(run, in_text)
        for run in runs
        if run.tested_on == CAS and run.name in (BEFORE, AFTER)
    }
    return {
        "solutions": pd.DataFrame([_summary(*key, found, config) for key, found in solved.items()]),
        "comparisons": pd.DataFrame([_compare(*pair, solved, config) for pair in COMPARISONS]),
        "other_truths": pd.DataFrame(
            [_summary(*key, found, config) for key, found in other.items()]
        ),
    }


def _truths(database: str) -> dict[str, int]:
    """Truths of each kind in the annotations that this family scores against."""
    return {
        kind: int(paper.value("spotting", "mdmd", "truths", f"{SHORT[database]} {kind}"))
        for kind in KINDS
    }


def _solve(run: Run, truths: dict[str, int]) -> pd.DataFrame:
    """All counts that give the three printed F1 of a run under the settings it came with."""
    triple = {
        kind: paper.text(run.paper, run.table, run.row, f"{SHORT[run.tested_on]} {kind}")
        for kind in (*KINDS, "overall")
    }
    kept = KEPT_PER_VIDEO[run.trained_on]
    cap = {kind: kept[kind] * VIDEOS[run.tested_on] for kind in KINDS}
    return joint_counts(triple, truths, cap).assign(n_truth=sum(truths.values()))


def _summary(
    database: str, name: str, solutions: pd.DataFrame, config: Config
) -> dict[str, object]:
    """First solution of a printed row, how many there are, and what chance alone would do."""
    row: dict[str, object] = {"database": database, "run": name, "solutions": len(solutions)}
    if solutions.empty:
        return row
    first = solutions.iloc[0]
    interval = percentile_interval(_f1(first), _draws(first, config.n_draws, config.seed))
    return row | {
        "macro_tp": int(first["macro_tp"]),
        "macro_n_pred": int(first["macro_n_pred"]),
        "micro_tp": int(first["micro_tp"]),
        "micro_n_pred": int(first["micro_n_pred"]),
        "tp": int(first["tp"]),
        "n_pred": int(first["n_pred"]),
        "n_truth": int(first["n_truth"]),
        "f1": interval.estimate,
        "low": interval.low,
        "high": interval.high,
    }


def _compare(
    database: str,
    name: str,
    other: str,
    solved: dict[tuple[str, str], pd.DataFrame],
    config: Config,
) -> dict[str, object]:
    """Difference of two printed rows in counts, against chance in two independent runs."""
    one, two = solved[database, name].iloc[0], solved[database, other].iloc[0]
    drawn = _draws(one, config.n_draws, config.seed) - _draws(two, config.n_draws, config.seed + 1)
    interval = percentile_interval(_f1(one) - _f1(two), drawn)
    return {
        "database": database,
        "run": name,
        "against": other,
        "macro_tp_gain": int(one["macro_tp"] - two["macro_tp"]),
        "micro_tp_gain": int(one["micro_tp"] - two["micro_tp"]),
        "n_pred_gain": int(one["n_pred"] - two["n_pred"]),
        "f1_gain": interval.estimate,
        "low": interval.low,
        "high": interval.high,
    }


def _f1(counts: pd.Series) -> float:
    return float(2 * counts["tp"] / (counts["n_pred"] + counts["n_truth"]))


def _draws(counts: pd.Series, n_draws: int, seed: int) -> np.ndarray:
    """F1 (n_draws,) if each truth is found by chance at the printed rate.

    True positives are binomial in the truths, false alarms Poisson. Subjects differ from each
    other, so real variation is larger than this.
    """
    generator = np.random.default_rng(seed)
    truths = int(counts["n_truth"])
    tp = generator.binomial(truths, counts["tp"] / truths, size=n_draws)
    false_alarms = generator.poisson(counts["n_pred"] - counts["tp"], size=n_draws)
    return 2 * tp / (tp + false_alarms + truths)
