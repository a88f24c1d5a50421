"""Spotting protocols: which detections hit which truths, as counts.

The field counts hits in several ways; each is a :class:`Protocol`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from causalex_core.display import Summary
from causalex_core.errors import CausalexError
from causalex_core.expressions import KINDS, MissingOffset, resolve_missing_offsets

COUNTS = ("tp", "n_pred", "n_truth")
# Pairs of truth and detection compared at once; bounds the memory on crowded videos.
PAIRS_AT_ONCE = 2_000_000


class MatchingRule(StrEnum):
    """What one true positive is."""

    ONE_TO_ONE = "one_to_one"  # a pair of a largest matching: nobody is used twice
    # a detection that is the best of some truth; of equal ones the first in the table
    BEST_PREDICTION = "best_prediction"
    EACH_PREDICTION = "each_prediction"  # a detection that overlaps some truth enough
    EACH_TRUTH = "each_truth"  # a truth that some detection overlaps enough


@dataclass(frozen=True)
class Protocol:
    """A way to count hits.

    Attributes
    ----------
    name
        Short name, as on the command line.
    summary
        One sentence for readers.
    inclusive
        Whether an interval from onset to offset is ``offset - onset + 1`` frames long (else
        ``offset - onset``).
    strict
        Whether an overlap of exactly one half is too little.
    rule
        What one true positive is.
    """

    name: str
    summary: str
    inclusive: bool
    strict: bool
    rule: MatchingRule


MEGC = Protocol(
    "megc",
    "IoU of at least 0.5 on inclusive frames, each truth and each detection used once",
    inclusive=True, strict=False, rule=MatchingRule.ONE_TO_ONE,
)  # fmt: skip
AUW = Protocol(
    "auw",
    "IoU above 0.5 on offset - onset, per truth its best detection (AUW-GCN's metric since 2025)",
    inclusive=False, strict=True, rule=MatchingRule.BEST_PREDICTION,
)  # fmt: skip
AUW_2023 = Protocol(
    "auw_2023",
    "IoU above 0.5 on offset - onset, every detection that hits counts, so that recall may exceed 1"
    " (AUW-GCN's metric as published)",
    inclusive=False, strict=True, rule=MatchingRule.EACH_PREDICTION,
)  # fmt: skip
EACH_TRUTH = Protocol(
    "each_truth",
    "IoU of at least 0.5 on inclusive frames, every truth that is hit counts (TP of LGSNet and"
    " MDMD); precision is of the detections that hit",
    inclusive=True, strict=False, rule=MatchingRule.EACH_TRUTH,
)  # fmt: skip
PROTOCOLS: Mapping[str, Protocol] = {item.name: item for item in (MEGC, AUW, AUW_2023, EACH_TRUTH)}


@dataclass(frozen=True, repr=False)
class Counts(Summary):
    """True positives, detections and truths, and the rates that follow from them.

    Attributes
    ----------
    n_right
        Detections that hit some truth, where a true positive is a truth: several truths may be
        hit by one detection. None: a true positive is one detection. Equal counts may differ in it.
    """

    tp: int
    n_pred: int
    n_truth: int
    n_right: int | None = field(default=None, compare=False)

    @property
    def precision(self) -> float:
        """Share of detections that are right; 0 without detections."""
        right = self.tp if self.n_right is None else self.n_right
        return right / self.n_pred if self.n_pred else 0.0

    @property
    def recall(self) -> float:
        """Share of truths that are found; 0 without truths, above 1 if a truth counts twice."""
        return self.tp / self.n_truth if self.n_truth else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        if self.n_right is not None:
            both = self.precision + self.recall
            return 2 * self.precision * self.recall / both if both else 0.0
        total = self.n_pred + self.n_truth
        return 2 * self.tp / total if total else 0.0

    def known(self) -> dict[str, int]:
        """Counts by name."""
        return {name: count for name, count in asdict(self).items() if count is not None}

    def _facts(self) -> Mapping[str, object]:
        rates = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return self.known() | {name: f"{rate:.4f}" for name, rate in rates.items()}


def score(
    truth: pd.DataFrame,
    predictions: pd.DataFrame,
    protocol: Protocol = MEGC,
    missing_offset: MissingOffset = MissingOffset.AS_IS,
    *,
    kind_blind: bool = False,
) -> pd.DataFrame:
    """Count hits per subject and kind.

    Parameters
    ----------
    truth, predictions
        Tables with ``subject, video, onset, offset`` and, unless `kind_blind`, ``kind``.
    protocol, missing_offset
        How hits are counted, and what becomes of intervals without an offset, in both tables.
    kind_blind
        Match without regard to kind; the only kind reported is then ``overall``.

    Returns
    -------
    DataFrame
        Columns ``subject, kind, tp, n_pred, n_truth`` and, if a true positive is a truth,
        ``n_right``, see :class:`Counts`; a row for each subject of either table and each kind,
        sorted by subject.

    Raises
    ------
    CausalexError
        If a kind is unknown, or names are numbers in one table and texts in the other, or missing.
    """
    truth = resolve_missing_offsets(truth, missing_offset)
    predictions = resolve_missing_offsets(predictions, missing_offset)
    kinds = ("overall",) if kind_blind else KINDS
    cells = _grouped(truth, predictions, kinds)
    everything = np.ones((1, len(predictions)), bool)
    counts = dict(zip(COUNTS, _counted(cells, everything, protocol)[0].T, strict=True))
    if protocol.rule is MatchingRule.EACH_TRUTH:
        by_detection = replace(protocol, rule=MatchingRule.EACH_PREDICTION)
        counts["n_right"] = _counted(cells, everything, by_detection)[0, :, 0]
    return pd.DataFrame(
        {
            "subject": np.repeat(cells.subjects, len(kinds)),
            "kind": pd.Categorical(list(kinds) * len(cells.subjects), categories=list(kinds)),
            **counts,
        }
    )


def score_above(
    truth: pd.DataFrame,
    predictions: pd.DataFrame,
    thresholds: Mapping[str, np.ndarray],
    subjects: Sequence[str],
    protocol: Protocol = MEGC,
    missing_offset: MissingOffset = MissingOffset.AS_IS,
) -> NDArray[np.int64]:
    """:func:`score` of the detections that reach each of many thresholds.

    Overlaps are computed once for all thresholds.

    Parameters
    ----------
    truth, predictions
        Tables with ``subject, video, onset, offset, kind``; predictions also with ``score``.
    thresholds
        (T,) of each kind: detections of a lower score are left out.
    subjects
        Subjects to count, in this order; intervals of others are left out.
    protocol, missing_offset
        As for :func:`score`.

    Returns
    -------
    ndarray
        (S, 2, T, 3): macro and micro; tp, detections, truths.
    """
    truth, predictions = (
        resolve_missing_offsets(table[table["subject"].isin(subjects)], missing_offset)
        for table in (truth, predictions)
    )
    cells = _grouped(truth, predictions, KINDS)
    levels = np.stack([thresholds[kind] for kind in KINDS], axis=1)  # (T, 2)
    kind = cells.cell[len(truth) :] % len(KINDS)
    kept = predictions["score"].to_numpy() >= levels[:, kind]
    counted = _counted(cells, kept, protocol).reshape(len(kept), -1, len(KINDS), len(COUNTS))
    counts = np.zeros((len(subjects), len(KINDS), len(kept), len(COUNTS)), np.int64)
    index = {name: number for number, name in enumerate(subjects)}
    counts[[index[name] for name in cells.subjects]] = counted.transpose(1, 2, 0, 3)
    return counts


def pairs(truth: pd.DataFrame, predictions: pd.DataFrame) -> NDArray[np.int64]:
    """Which detection hits which truth under MEGC's rule: rows (P, 2) of both, by truth.

    Of all largest one-to-one matchings it is the one with the greatest overlap, so that of several
    detections of one expression the nearest one hits it; of equally near ones the first in the
    table.

    Parameters
    ----------
    truth, predictions
        Tables with ``subject, video, onset, offset, kind``.
    """
    cells = _grouped(truth, predictions, KINDS)
    left, right, overlap = _near(cells.truth, cells.detected, MEGC)
    matched = [np.zeros((0, 2), np.int64)]
    for group in np.unique(cells.truth.group[left]):
        inside = np.flatnonzero(cells.truth.group[left] == group)
        truths, rows = np.unique(left[inside], return_inverse=True)
        detections, columns = np.unique(right[inside], return_inverse=True)
        value = np.zeros((len(truths), len(detections)))
        # one more pair counts for more than the overlap of all
        value[rows, columns] = 1 + overlap[inside] / (len(truths) + 1)
        pair = linear_sum_assignment(value, maximize=True)
        hit = value[pair] > 0
        matched.append(np.stack([truths[pair[0]], detections[pair[1]]], axis=1)[hit])
    both = np.concatenate(matched)
    return both[np.argsort(both[:, 0])]


def pool(counts: pd.DataFrame) -> dict[str, Counts]:
    """Counts of :func:`score` of all subjects: ``macro``, ``micro`` (unless blind), ``overall``."""
    by_kind = counts.groupby("kind", observed=False)[list(counts.columns[2:])].sum()
    pooled = {str(kind): Counts(*row) for kind, *row in by_kind.itertuples()}
    return pooled | {"overall": Counts(*by_kind.sum().tolist())}


@dataclass(frozen=True)
class _Intervals:
    """Arrays (n,): group (subject, video and kind), onset and offset in frames."""

    group: np.ndarray
    onset: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True)
class _Cells:
    """Both tables: subject and kind (`cell`) of truths and then of detections, and intervals."""

    cell: np.ndarray
    subjects: np.ndarray
    kinds: int
    truth: _Intervals
    detected: _Intervals


def _grouped(truth: pd.DataFrame, predictions: pd.DataFrame, kinds: tuple[str, ...]) -> _Cells:
    """Intervals of both tables by subject, video and, if there are several kinds, kind."""
    both = pd.concat([truth, predictions], keys=["truth", "prediction"], names=["side"])
    for name in ("subject", "video"):
        tables = (table[name] for table in (truth, predictions) if len(table))
        if len({column.dtype.kind in "iuf" for column in tables}) > 1 or both[name].hasnans:
            raise CausalexError(
                f"column '{name}': names are missing, or numbers in one table and texts in the"
                " other; expected texts in both (read_expressions keeps 01 as it is)"
            )
    subject, subjects = pd.factorize(both["subject"], sort=True)
    video = pd.factorize(both["video"])[0].astype(np.int64)
    kind = np.zeros(len(both), dtype=np.int64)
    if len(kinds) > 1:
        kind = pd.Index(kinds).get_indexer(pd.Index(both["kind"])).astype(np.int64)
        if (kind < 0).any():
            raise CausalexError(
                f"kind {both['kind'].iloc[int(kind.argmin())]!r}: expected one of {list(kinds)}"
            )
    cell = subject.astype(np.int64) * len(kinds) + kind
    group = cell * (video.max(initial=0) + 1) + video
    split = len(truth)
    onset, offset = both["onset"].to_numpy(float), both["offset"].to_numpy(float)
    return _Cells(
        cell,
        np.asarray(subjects, dtype=object),
        len(kinds),
        _Intervals(group[:split], onset[:split], offset[:split]),
        _Intervals(group[split:], onset[split:], offset[split:]),
    )


def _counted(cells: _Cells, kept: np.ndarray, protocol: Protocol) -> NDArray[np.int64]:
    """Counts (T, cells, 3) of each choice of detections, which `kept` (T, detections) marks."""
    choices, n_detected = kept.shape
    n_truth = len(cells.cell) - n_detected
    truth_cells, detected_cells = cells.cell[:n_truth], cells.cell[n_truth:]
    n_cells = len(cells.subjects) * cells.kinds
    left, right, overlap = _near(cells.truth, cells.detected, protocol)
    # Each choice has its own copy of the intervals, so that all are matched in one go.
    choice, pair = np.nonzero(kept[:, right])
    hit, by_truth = _hits(
        left[pair] + choice * n_truth,
        right[pair] + choice * n_detected,
        overlap[pair],
        (choices * n_truth, choices * n_detected),
        protocol.rule,
    )
    choice, row = np.divmod(hit, n_truth if by_truth else n_detected)
    owner = (truth_cells if by_truth else detected_cells)[row]
    step, detection = np.nonzero(kept)

    def added(cell: np.ndarray) -> np.ndarray:
        return np.bincount(cell, minlength=choices * n_cells).reshape(choices, n_cells)

    tp = added(owner + choice * n_cells)
    n_pred = added(detected_cells[detection] + step * n_cells)
    truths = np.broadcast_to(np.bincount(truth_cells, minlength=n_cells), tp.shape)
    return np.stack([tp, n_pred, truths], axis=-1)


def _hits(
    left: np.ndarray,
    right: np.ndarray,
    overlap: np.ndarray,
    shape: tuple[int, int],
    rule: MatchingRule,
) -> tuple[np.ndarray, bool]:
    """Rows of the hits, and whether they are rows of truths (else of detections).

    From truths, detections and IoU of the pairs with enough overlap; `shape` counts both tables.
    """
    if rule is MatchingRule.EACH_PREDICTION:
        return np.unique(right), False
    if rule is MatchingRule.EACH_TRUTH:
        return np.unique(left), True
    if rule is MatchingRule.BEST_PREDICTION:
        order = np.lexsort((right, -overlap, left))  # best first; of equals the first in the table
        first = np.unique(left[order], return_index=True)[1]
        return np.unique(right[order][first]), False
    if not len(left):
        return left, True
    graph = csr_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=shape)
    matched = maximum_bipartite_matching(graph, perm_type="column")
    return np.flatnonzero(matched >= 0), True


def _near(
    truth: _Intervals, detected: _Intervals, protocol: Protocol
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs with enough overlap: rows of truth and detection, IoU."""
    parts = list(_overlapping(truth, detected, protocol))
    if not parts:
        return np.zeros(0, int), np.zeros(0, int), np.zeros(0)
    left, right, overlap = (np.concatenate(part) for part in zip(*parts, strict=True))
    return left, right, overlap


def _overlapping(
    truth: _Intervals, detected: _Intervals, protocol: Protocol
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pairs of one group with enough overlap: rows of truth and detection, IoU.

    A detection can only reach an IoU of one half if it begins at most one truth-length before
    the truth's onset and at most half of one after it; sorted onsets give those by bisection.
    """
    extra = 1.0 if protocol.inclusive else 0.0
    known = np.flatnonzero(~np.isnan(truth.offset))
    usable = np.flatnonzero(~np.isnan(detected.offset))
    usable = usable[np.lexsort((usable, detected.onset[usable], detected.group[usable]))]
    onsets, rank = np.unique(detected.onset[usable], return_inverse=True)
    stride = len(onsets) + 1
    key = detected.group[usable] * stride + rank  # sorted, as `usable` is
    onset, length = truth.onset[known], truth.offset[known] - truth.onset[known] + extra
    base = truth.group[known] * stride
    first = np.searchsorted(key, base + np.searchsorted(onsets, onset - length, "left"), "left")
    last = np.searchsorted(key, base + np.searchsorted(onsets, onset + length / 2, "right"), "left")
    width = np.maximum(last - first, 0)
    for start, stop in _blocks(width):
        repeats = width[start:stop]
        left = known[start:stop].repeat(repeats)
        # index within each truth's run of candidates
        step = np.arange(repeats.sum()) - (repeats.cumsum() - repeats).repeat(repeats)
        right = usable[first[start:stop].repeat(repeats) + step]
        begin = np.maximum(truth.onset[left], detected.onset[right])
        end = np.minimum(truth.offset[left], detected.offset[right])
        inner = np.maximum(end - begin + extra, 0.0)
        whole = (truth.offset[left] - truth.onset[left] + extra) + (
            detected.offset[right] - detected.onset[right] + extra
        )
        union = whole - inner
        half = 2 * inner > union if protocol.strict else 2 * inner >= union
        enough = half & (inner > 0)
        yield left[enough], right[enough], inner[enough] / union[enough]


def _blocks(width: np.ndarray) -> Iterator[tuple[int, int]]:
    """Split truths into blocks with a bounded number of candidate pairs."""
    total = width.cumsum()
    start = 0
    while start < len(width):
        done = total[start - 1] if start else 0
        stop = max(int(np.searchsorted(total, done + PAIRS_AT_ONCE, "right")), start + 1)
        yield start, stop
        start = stop
