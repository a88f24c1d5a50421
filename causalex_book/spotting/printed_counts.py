"""The counts behind printed F1 scores, and what they say about the claims made of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalex_book.publishing import paper
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
class PrintedRow:
    """A printed row: where it stands, what was tested and what it was trained on."""

    name: str
    paper: str
    table: str
    row: str
    tested_on: str
    trained_on: str


def _printed_rows() -> Iterator[PrintedRow]:
    for database, short in SHORT.items():
        for name, source, table, row in (
            (BEFORE, "causal_ex", "table2", "Ours (Before Debias)"),
            (AFTER, "causal_ex", "table2", "Ours (After Debias)"),
            (AFTER_4, "causal_ex", "table4", f"{short} (Causal+Prior)"),
            ("Causal-Ex, causal graph only", "causal_ex", "table4", f"{short} (Causal)"),
            (AUW, "spotting", "elsewhere", "AUW-GCN"),
            (AUW_AGAIN, "spotting", "elsewhere", "AUW-GCN, run by others"),
        ):
            yield PrintedRow(name, source, table, row, tested_on=database, trained_on=database)
        other = SAMM if database == CAS else CAS
        for graph, row in (("", "Causal+Prior"), (", causal graph only", "Causal")):
            name = f"Causal-Ex, trained on {other}{graph}"
            row = f"{SHORT[other]} ({row})"
            yield PrintedRow(name, "causal_ex", "table4", row, database, other)


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
    rows = list(_printed_rows())
    solved = {(row.tested_on, row.name): _solve(row, _truths(row.tested_on)) for row in rows}
    in_text = {
        kind: int(paper.value("causal_ex", "text", f"cas {kind}", "printed")) for kind in KINDS
    }
    other = {
        (row.tested_on, row.name): _solve(row, in_text)
        for row in rows
        if row.tested_on == CAS and row.name in (BEFORE, AFTER)
    }
    return {
        "solutions": _summaries(solved, config),
        "comparisons": pd.DataFrame([_compare(*pair, solved, config) for pair in COMPARISONS]),
        "other_truths": _summaries(other, config),
    }


def counts_of(printed: str, n_truth: int, max_predictions: int) -> pd.DataFrame:
    """All pairs ``tp, n_pred`` whose F1 rounds to a printed value, such as ``"0.3852"``.

    A detection is counted at most once, so ``tp`` is at most the smaller of detections and truths.
    """
    n_pred, tp = np.arange(max_predictions + 1), np.arange(n_truth + 1)
    f1 = 2 * tp[:, None] / np.maximum(n_pred[None, :] + n_truth, 1)
    possible = _rounds_to(f1, printed) & (tp[:, None] <= n_pred[None, :])
    row, column = np.nonzero(possible)
    return pd.DataFrame({"tp": tp[row], "n_pred": n_pred[column]})


def _rounds_to(f1: np.ndarray | pd.Series, printed: str) -> np.ndarray:
    """Where values round to a printed one, halves up or to even: both ends of the step count."""
    decimals = len(printed.partition(".")[2])
    return np.abs(np.asarray(f1) - float(printed)) <= 0.5 * 10.0**-decimals + 1e-12


def joint_counts(
    printed: Mapping[str, str], n_truth: Mapping[str, int], max_predictions: Mapping[str, int]
) -> pd.DataFrame:
    """Counts of macro and micro that give all three printed F1 scores together.

    ``macro_tp, macro_n_pred, micro_tp, micro_n_pred, tp, n_pred``, a row per solution, fewest
    detections first; empty if no counts give all three values.
    """
    macro, micro = (
        counts_of(printed[kind], n_truth[kind], max_predictions[kind]).add_prefix(f"{kind}_")
        for kind in ("macro", "micro")
    )
    pairs = macro.merge(micro, how="cross")
    for name in ("tp", "n_pred"):
        pairs[name] = pairs[f"macro_{name}"] + pairs[f"micro_{name}"]
    f1 = 2 * pairs["tp"] / (pairs["n_pred"] + n_truth["macro"] + n_truth["micro"])
    fits = _rounds_to(f1, printed["overall"])
    return pairs[fits].sort_values(["n_pred", "macro_tp"], ignore_index=True)


def _truths(database: str) -> dict[str, int]:
    """Truths of each kind in the annotations that this family scores against."""
    return {
        kind: int(paper.value("spotting", "mdmd", "truths", f"{SHORT[database]} {kind}"))
        for kind in KINDS
    }


def _solve(row: PrintedRow, truths: dict[str, int]) -> pd.DataFrame:
    """All counts that give the three printed F1 of a row under the settings it came with."""
    printed = {
        kind: paper.text(row.paper, row.table, row.row, f"{SHORT[row.tested_on]} {kind}")
        for kind in (*KINDS, "overall")
    }
    kept = KEPT_PER_VIDEO[row.trained_on]
    cap = {kind: kept[kind] * VIDEOS[row.tested_on] for kind in KINDS}
    return joint_counts(printed, truths, cap).assign(n_truth=sum(truths.values()))


def _summaries(solved: Mapping[tuple[str, str], pd.DataFrame], config: Config) -> pd.DataFrame:
    """First solution of each printed row, how many there are, and the range by chance."""
    columns = ("macro_tp", "macro_n_pred", "micro_tp", "micro_n_pred", "tp", "n_pred", "n_truth")
    rows = []
    for (database, name), solutions in solved.items():
        row: dict[str, object] = {"database": database, "run": name, "solutions": len(solutions)}
        if not solutions.empty:
            first = solutions.iloc[0]
            interval = percentile_interval(_f1(first), _draws(first, config.n_draws, config.seed))
            row |= {column: int(first[column]) for column in columns}
            row |= {"f1": interval.estimate, "low": interval.low, "high": interval.high}
        rows.append(row)
    return pd.DataFrame(rows)


def _compare(
    database: str,
    name: str,
    baseline: str,
    solved: Mapping[tuple[str, str], pd.DataFrame],
    config: Config,
) -> dict[str, object]:
    """Difference of two printed rows in counts, against chance in two independent runs."""
    first, second = (solved[database, row].iloc[0] for row in (name, baseline))
    drawn = _draws(first, config.n_draws, config.seed)
    drawn = drawn - _draws(second, config.n_draws, config.seed + 1)
    interval = percentile_interval(_f1(first) - _f1(second), drawn)
    return {
        "database": database,
        "run": name,
        "against": baseline,
        **{
            f"{column}_gain": int(first[column] - second[column])
            for column in ("macro_tp", "micro_tp", "n_pred")
        },
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
