"""Whether truths and detections mean the same videos and count in the same unit.

Tables of other programs or people differ in ways that give a score of zero without an error: a
spreadsheet took the zeros of ``01``, a column counts seconds, or every eighth frame.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

Video = tuple[str, str]  # subject and video
SHOWN = 3
SCALE = 4  # times in one table that are as many times as late as in the other are told
# words before a number that say what it counts, and endings that are no part of a name
_LABEL = re.compile(
    r"^(?:s|su?bj?|subjects?|p|part|participants?|person|vp|id|v|vid|videos?|clips?|rec|casme|samm)"
    r"(?=[\W_]*\d)"
)
_ENDING = re.compile(r"\.(?:0+|[a-z]\w{2,3})$")


def disagreements(truth: pd.DataFrame, predictions: pd.DataFrame, n_hits: int) -> Iterator[str]:
    """Sentences on what does not fit together in two tables of intervals; none of an empty one.

    Times of another size are told of where fewer than a tenth of the intervals are `n_hits`.
    """
    labelled, detected = _videos(truth), _videos(predictions)
    if not labelled or not detected:
        return
    if not labelled & detected:
        yield "warning: truth and predictions share no video, so that nothing can match"
    alike = _alike(detected - labelled, labelled - detected)
    for videos, absent in (
        (detected - labelled, "of the predictions not in the truth"),
        (labelled - detected, "of the truth without predictions"),
    ):
        if videos:
            yield f"note: {len(videos)} video{'s' * (len(videos) > 1)} {absent}: " + _named(
                sorted(videos, key=lambda video: (video not in alike, video)), alike
            )
    if 10 * n_hits < min(len(truth), len(predictions)):
        yield from _unit(*(_latest(table, labelled & detected) for table in (truth, predictions)))


def _videos(table: pd.DataFrame) -> set[Video]:
    return set(zip(table["subject"], table["video"], strict=True))


def _named(videos: Sequence[Video], alike: Mapping[Video, Video]) -> str:
    """The first videos, with those that are called nearly so in the other table."""
    names = []
    for subject, video in videos[:SHOWN]:
        near = alike.get((subject, video))
        hint = f" (is it '{near[1]}' of '{near[0]}' there?)" if near else ""
        names.append(f"'{video}' of '{subject}'{hint}")
    more = len(videos) - SHOWN
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _alike(some: set[Video], others: set[Video]) -> dict[Video, Video]:
    """Nearly equal names, or an equal name of another subject, where there is one such only."""
    candidates = defaultdict(list)
    for other in others:
        for key in _keys(other):
            candidates[key].append(other)
    near: dict[Video, Video] = {}
    for video in some:
        for key in _keys(video):
            if len(candidates[key]) == 1:
                near.setdefault(video, candidates[key][0])
    return near


def _keys(video: Video) -> tuple[tuple[object, ...], ...]:
    subject, name = (_plain(part) for part in video)
    within = name[len(subject) :] if name[: len(subject)] == subject else ()
    return (subject, within or name), (video[1],)


def _plain(name: str) -> tuple[str, ...]:
    """Words and numbers of a name without folders, case, signs, labels, ending, leading zeros."""
    file = re.split(r"[\\/]", name)[-1]
    text = _ENDING.sub("", unicodedata.normalize("NFKC", file).casefold().strip())
    text = re.sub(r"(?<=[^\W\d_])[\W_]+(?=[^\W\d_])", "", _LABEL.sub("", text))
    parts = re.findall(r"\d+|[^\W\d_]+", text)
    return tuple(part.lstrip("0") or "0" if part.isdigit() else part for part in parts)


def _latest(table: pd.DataFrame, videos: set[Video]) -> float:
    """Sum over videos of the latest time in each."""
    times = table[["onset", "offset"]].max(axis=1).groupby([table["subject"], table["video"]]).max()
    return float(times[[video in videos for video in times.index]].sum())


def _unit(truth: float, predictions: float) -> Iterator[str]:
    """Whether the latest times of shared videos are of one size."""
    low, high = sorted((truth, predictions))
    if high > SCALE * low:
        earlier, later = (
            ("truth", "predictions") if truth < predictions else ("predictions", "truth")
        )
        yield (
            f"note: the latest times in shared videos are {high:.6g} in the {later}, {low:.6g} in"
            f" the {earlier}, in sum: are both in frames, at one frame rate?"
        )
