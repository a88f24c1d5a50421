"""Spotting protocols: which detections hit which truths, as counts.

The field counts hits in several ways; each is a :class:`Protocol`, and every one of them says
how long an interval is, what overlap is enough, and what one true positive is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from causalex_core.display import Summary
from causalex_core.expressions import KINDS, MissingOffset, resolve_missing_offsets

COUNTS = ("tp", "n_pred", "n_truth")
# Pairs of truth and detection looked at together; bounds the memory on crowded videos.
PAIRS_AT_ONCE = 2_000_000


class MatchingRule(StrEnum):
    """What one true positive is."""

    ONE_TO_ONE = "one_to_one"  # a pair of a largest matching: nobody is used twice
    BEST_PREDICTION = "best_prediction"  # a detection that is the best of some truth
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
    inclusive=True,
    strict=False,
    rule=MatchingRule.ONE_TO_ONE,
)
AUW = Protocol(
    "auw",
    "IoU above 0.5 on offset - onset, per truth its best detection (AUW-GCN since 2025)",
    inclusive=False,
    strict=True,
    rule=MatchingRule.BEST_PREDICTION,
)
AUW_2023 = Protocol(
    "auw_2023",
    "IoU above 0.5 on offset - onset, every detection that hits counts (AUW-GCN as published)",
    inclusive=False,
    strict=True,
    rule=MatchingRule.EACH_PREDICTION,
)
EACH_TRUTH = Protocol(
    "each_truth",
    "IoU of at least 0.5 on inclusive frames, every truth that is hit counts (LGSNet, MDMD)",
    inclusive=True,
    strict=False,
    rule=MatchingRule.EACH_TRUTH,
)
PROTOCOLS: Mapping[str, Protocol] = {
    protocol.name: protocol for protocol in (MEGC, AUW, AUW_2023, EACH_TRUTH)
}


@dataclass(frozen=True, repr=False)
class Counts(Summary):
    """True positives, detections and truths, and the rates that follow from them."""

    tp: int
    n_pred: int
    n_truth: int

    @property
    def precision(self) -> float:
        """Share of detections that are right; 0 without detections."""
        return self.tp / self.n_pred if self.n_pred else 0.0

    @property
    def recall(self) -> float:
        """Share of truths that are found; 0 without truths, above 1 if a truth counts twice."""
        return self.tp / self.n_truth if self.n_truth else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall: 2 tp / (detections + truths)."""
        both = self.n_pred + self.n_truth
        return 2 * self.tp / both if both else 0.0

    def _facts(self) -> Mapping[str, object]:
        rates = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return asdict(self) | {name: f"{rate:.4f}" for name, rate in rates.items()}


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
    protocol
        How hits are counted.
    missing_offset
        What becomes of intervals without an offset, in both tables.
    kind_blind
        Match without regard to kind; the only kind reported is then ``overall``.

    Returns
    -------
    DataFrame
        Columns ``subject, kind, tp, n_pred, n_truth``; a row for each subject of either table
        and each kind, sorted by subject.
    """
    truth = resolve_missing_offsets(truth, missing_offset)
    predictions = resolve_missing_offsets(predictions, missing_offset)
    kinds = ("overall",) if kind_blind else KINDS
    cells = _grouped(truth, predictions, kinds)
    counted = _counted(cells, np.ones((1, len(predictions)), bool), protocol)[0]
    return pd.DataFrame(
        {
            "subject": np.repeat(cells.subjects, len(kinds)),
            "kind": pd.Categorical(list(kinds) * len(cells.subjects), categories=list(kinds)),
            **dict(zip(COUNTS, counted.T, strict=True)),
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
    """Count hits per subject and kind at many thresholds of a detection's score.

    The same as :func:`score` of the detections that reach each threshold; what overlaps is found
    once for all of them.

    Parameters
    ----------
    truth, predictions
        Tables with ``subject, video, onset, offset, kind``; predictions also with ``score``.
    thresholds
        (T,) of each kind: detections of a lower score are left out.
    subjects
        Who is counted, in this order; intervals of others are left out.
    protocol, missing_offset
        How hits are counted.

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
    least = np.stack([thresholds[kind] for kind in KINDS], axis=1)  # (T, 2)
    kind = cells.cell[len(truth) :] % len(KINDS)
    kept = predictions["score"].to_numpy() >= least[:, kind]
    counted = _counted(cells, kept, protocol).reshape(len(kept), -1, len(KINDS), len(COUNTS))
    found = np.zeros((len(subjects), len(KINDS), len(kept), len(COUNTS)), np.int64)
    places = {name: place for place, name in enumerate(subjects)}
    found[[places[name] for name in cells.subjects]] = counted.transpose(1, 2, 0, 3)
    return found


def pairs(truth: pd.DataFrame, predictions: pd.DataFrame) -> NDArray[np.int64]:
    """Which detection hits which truth, under MEGC's rule.

    Of all largest one-to-one matchings it is the one with the greatest overlap, so that of several
    detections of one expression the nearest stands for it.

    Parameters
    ----------
    truth, predictions
        Tables with ``subject, video, onset, offset, kind``.

    Returns
    -------
    ndarray
        (P, 2) rows of `truth` and of `predictions`, from 0, in the order of the truths.
    """
    cells = _grouped(truth, predictions, KINDS)
    left, right, overlap = _near(cells.truth, cells.found, MEGC)
    found = []
    for group in np.unique(cells.truth.group[left]):
        inside = np.flatnonzero(cells.truth.group[left] == group)
        truths, rows = np.unique(left[inside], return_inverse=True)
        detections, columns = np.unique(right[inside], return_inverse=True)
        worth = np.zeros((len(truths), len(detections)))
        # a pair more counts for more than all overlap there can be
        worth[rows, columns] = 1 + overlap[inside] / (len(truths) + 1)
        chosen = linear_sum_assignment(worth, maximize=True)
        real = worth[chosen] > 0
        found.append(np.stack([truths[chosen[0]], detections[chosen[1]]], axis=1)[real])
    both = np.concatenate(found) if found else np.zeros((0, 2), np.int64)
    return both[np.argsort(both[:, 0])]


def pool(counts: pd.DataFrame) -> dict[str, Counts]:
    """Add counts over subjects, per kind and overall.

    Parameters
    ----------
    counts
        As :func:`score` returns them.

    Returns
    -------
    dict
        ``macro``, ``micro`` and ``overall``; only ``overall`` if kinds were not told apart.
    """
    by_kind = counts.groupby("kind", observed=False)[list(COUNTS)].sum()
    pooled = {str(kind): Counts(*row) for kind, *row in by_kind.itertuples()}
    return pooled | {"overall": Counts(*by_kind.sum().tolist())}


@dataclass(frozen=True)
class _Intervals:
    """Parallel arrays (n,): group (subject, video and kind), onset, offset in frames."""

    group: np.ndarray
    onset: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True)
class _Cells:
    """Both tables side by side.

    Attributes
    ----------
    cell
        Subject and kind, of truths and then of detections.
    subjects
        Names in alphabetical order.
    kinds
        How many kinds are told apart.
    truth, found
        Intervals by group.
    """

    cell: np.ndarray
    subjects: np.ndarray
    kinds: int
    truth: _Intervals
    found: _Intervals


def _grouped(truth: pd.DataFrame, predictions: pd.DataFrame, kinds: tuple[str, ...]) -> _Cells:
    """Intervals of both tables by subject, video and, if there are several kinds, kind."""
    both = pd.concat([truth, predictions], keys=["truth", "prediction"], names=["side"])
    subject, subjects = pd.factorize(both["subject"], sort=True)
    video = pd.factorize(both["video"])[0].astype(np.int64)
    kind = np.zeros(len(both), dtype=np.int64)
    if len(kinds) > 1:
        kind = pd.Categorical(both["kind"], categories=list(kinds)).codes.astype(np.int64)
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
    choices, n_found = kept.shape
    n_truth = len(cells.cell) - n_found
    of_truth, of_found = cells.cell[:n_truth], cells.cell[n_truth:]
    n_cells = len(cells.subjects) * cells.kinds
    left, right, overlap = _near(cells.truth, cells.found, protocol)
    # Each choice has its own copy of the intervals, so that all are matched in one go.
    choice, pair = np.nonzero(kept[:, right])
    hit, by_truth = _hits(
        left[pair] + choice * n_truth,
        right[pair] + choice * n_found,
        overlap[pair],
        (choices * n_truth, choices * n_found),
        protocol.rule,
    )
    choice, place = np.divmod(hit, n_truth if by_truth else n_found)
    owner = (of_truth if by_truth else of_found)[place]
    step, detection = np.nonzero(kept)

    def added(cell: np.ndarray) -> np.ndarray:
        return np.bincount(cell, minlength=choices * n_cells).reshape(choices, n_cells)

    tp = added(owner + choice * n_cells)
    n_pred = added(of_found[detection] + step * n_cells)
    truths = np.broadcast_to(np.bincount(of_truth, minlength=n_cells), tp.shape)
    return np.stack([tp, n_pred, truths], axis=-1)


def _hits(
    left: np.ndarray,
    right: np.ndarray,
    overlap: np.ndarray,
    shape: tuple[int, int],
    rule: MatchingRule,
) -> tuple[np.ndarray, bool]:
    """Positions of the hits, and whether they are positions of truths (else of detections).

    Parameters
    ----------
    left, right, overlap
        Truths, detections and IoU of the pairs with enough overlap.
    shape
        Numbers of truths and of detections.
    rule
        What one true positive is.
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
    truth: _Intervals, found: _Intervals, protocol: Protocol
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs with enough overlap: positions of truth and detection, IoU."""
    parts = list(_overlapping(truth, found, protocol))
    if not parts:
        return np.zeros(0, int), np.zeros(0, int), np.zeros(0)
    left, right, overlap = (np.concatenate(part) for part in zip(*parts, strict=True))
    return left, right, overlap


def _overlapping(
    truth: _Intervals, found: _Intervals, protocol: Protocol
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pairs of one group with enough overlap: positions of truth and detection, IoU.

    A detection can only reach an IoU of one half if it begins at most one truth-length before
    the truth's onset and at most half of one after it; sorted onsets give those by bisection.
    """
    extra = 1.0 if protocol.inclusive else 0.0
    known = np.flatnonzero(~np.isnan(truth.offset))
    usable = np.flatnonzero(~np.isnan(found.offset))
    usable = usable[np.lexsort((usable, found.onset[usable], found.group[usable]))]
    onsets, rank = np.unique(found.onset[usable], return_inverse=True)
    stride = len(onsets) + 1
    key = found.group[usable] * stride + rank  # sorted, as `usable` is
    onset, length = truth.onset[known], truth.offset[known] - truth.onset[known] + extra
    base = truth.group[known] * stride
    first = np.searchsorted(key, base + np.searchsorted(onsets, onset - length, "left"), "left")
    last = np.searchsorted(key, base + np.searchsorted(onsets, onset + length / 2, "right"), "left")
    width = np.maximum(last - first, 0)
    for start, stop in _blocks(width):
        repeats = width[start:stop]
        left = known[start:stop].repeat(repeats)
        # position within each truth's run of candidates, counted from the run's first one
        step = np.arange(repeats.sum()) - (repeats.cumsum() - repeats).repeat(repeats)
        right = usable[first[start:stop].repeat(repeats) + step]
        begin = np.maximum(truth.onset[left], found.onset[right])
        end = np.minimum(truth.offset[left], found.offset[right])
        inner = np.maximum(end - begin + extra, 0.0)
        whole = (truth.offset[left] - truth.onset[left] + extra) + (
            found.offset[right] - found.onset[right] + extra
        )
        union = whole - inner
        half = 2 * inner > union if protocol.strict else 2 * inner >= union
        enough = half & (inner > 0)
        yield left[enough], right[enough], inner[enough] / union[enough]


def _blocks(width: np.ndarray) -> Iterator[tuple[int, int]]:
    """Cut a run of truths so that each block has a bounded number of candidate pairs."""
    total = width.cumsum()
    start = 0
    while start < len(width):
        done = total[start - 1] if start else 0
        stop = max(int(np.searchsorted(total, done + PAIRS_AT_ONCE, "right")), start + 1)
        yield start, stop
        start = stop
