"""A database ready for spotting: windows, labels, and the graph of every video.

It is read from the public motion of real people, from features of one's own in the same format,
from motion that ``causalex extract`` wrote, or drawn as synthetic people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Protocol

import numpy as np
import pandas as pd

from causalex_core import action_units
from causalex_core.config import one_of
from causalex_core.data import auw_gcn, manifest, region_motion
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.feature_archive import is_archive
from causalex_core.data.names import annotated_name
from causalex_core.errors import CausalexError
from causalex_core.expressions import KINDS
from causalex_core.graphs import prior
from causalex_core.motion.record import MotionRecord, read_folder
from causalex_core.spotting import candidates, graph, losses, proposals
from causalex_core.spotting.data import TargetConfig, Video, Windows, gather, together
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.losses import LossConfig
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.training import Fold
from causalex_synthetic import dataset as synthetic
from causalex_synthetic.dataset import Cohort
from causalex_synthetic.dataset_spec import PLANS

TargetSource = Literal["annotations", "marks"]
PRIORS: Mapping[str, str] = {CAS: "assets/cas(me)^2.npy", SAMM: "assets/samm.npy"}
_LIKE = {"cas_like": CAS, "samm_like": SAMM}
_RULES = {CAS: proposals.CAS, SAMM: proposals.SAMM}
_LOSSES = {CAS: losses.CAS, SAMM: losses.SAMM}
RealName = Annotated[str, one_of(_RULES)]
DatabaseName = Annotated[str, one_of([*PLANS, *_RULES])]


@dataclass(frozen=True)
class SpottingDataset:
    """One database.

    Attributes
    ----------
    name
        Its name on a page; that of synthetic people says so.
    rules
        Which intervals are proposed; the threshold of their score decides.
    videos
        Motion of each video; empty where only windows are at hand.
    marks
        (12, 12) of each video's graph.
    synthetic
        The synthetic people behind it, if any.
    published_prior
        (12, 12) prior B that AUW-GCN ships, from the annotations of all subjects, the test subject
        included.
    """

    name: str
    fps: float
    windows: Windows
    truth: pd.DataFrame
    rules: ProposalConfig
    loss: LossConfig
    videos: tuple[Video, ...] = ()
    marks: tuple[np.ndarray, ...] = ()
    synthetic: Cohort | None = None
    published_prior: np.ndarray | None = None

    @cached_property
    def subjects(self) -> list[str]:
        """All subjects, in the order of the folds."""
        return list(dict.fromkeys(self.windows.subjects))

    @property
    def minutes(self) -> float:
        """Length of all videos."""
        return sum(self.windows.lengths) / self.fps / 60

    def summary(self) -> dict[str, object]:
        """``database, subjects, videos, minutes, macro, micro``, as pages show them."""
        return {
            "database": self.name,
            "subjects": len(self.subjects),
            "videos": len(self.windows.names),
            "minutes": self.minutes,
        } | {kind: int((self.truth["kind"] == kind).sum()) for kind in KINDS}

    def priors(self, folds: Sequence[Fold]) -> np.ndarray:
        """(F, 12, 12) prior B of each fold, from the annotations of its training subjects."""
        counts = np.stack([self._counts[name] for name in self.subjects])
        training = [~np.isin(self.subjects, self.windows.subject[fold.held_out]) for fold in folds]
        return np.stack([prior.normalise_rows(counts[mask].sum(axis=0)) for mask in training])

    @cached_property
    def _counts(self) -> dict[str, np.ndarray]:
        """Counts of regions that were annotated as moving together, of each subject."""
        units = {name: rows["action_units"] for name, rows in self.truth.groupby("subject")}
        return {
            name: prior.prior_counts(
                [action_units.parse(text).numbers for text in units.get(name, ())], prior.FACS
            )
            for name in self.subjects
        }


class _Choice(Protocol):
    """The parameters of a page that choose its data."""

    @property
    def features(self) -> Mapping[str, str]: ...
    @property
    def alpha(self) -> float: ...
    @property
    def most_subjects(self) -> int: ...


def read_for(
    config: _Choice, database: str, targets: TargetSource = "annotations"
) -> SpottingDataset:
    """Read a database as the parameters of a page say."""
    search = GraphConfig(alpha=config.alpha)
    return read(database, config.features, search, config.most_subjects, targets)


def read(
    database: str,
    features: Mapping[str, str],
    search: GraphConfig,
    most_subjects: int = 0,
    targets: TargetSource = "annotations",
) -> SpottingDataset:
    """Read a database.

    Parameters
    ----------
    database
        ``CAS(ME)^2`` or ``SAMM-LV``: real people. ``cas_like`` or ``samm_like``: synthetic ones.
    features
        Folder of a real database, where it is not the public motion: one's own
        ``feature_segment``, or one of motion files.
    search
        How the graph of each video is found.
    most_subjects
        Take only the first; 0 is everybody.
    targets
        What the network learns: expressions of the annotation table, or the marks in the public
        windows, with the targets of AUW-GCN's code, its faults included. Detections are scored
        on the annotation table always.

    Raises
    ------
    CausalexError
        If the database is unknown, a source is not at hand, a folder cannot be used, or there
        are no marks.
    """
    if database in PLANS:
        people = synthetic.draw(synthetic.Config(plan=database))
        recordings = [people.measured(index) for index in range(len(people.videos))]
        return _dataset(
            people.plan.database,
            _LIKE[database],
            people.plan.fps,
            recordings,
            people.expressions,
            search,
            most_subjects,
            people,
        )
    if database not in _RULES:
        raise CausalexError(
            f"database '{database}': expected one of {', '.join([*PLANS, *_RULES])}"
        )
    folder = Path(features[database]) if database in features else None
    if folder is not None and not is_archive(folder):
        return _extracted(database, folder, search, most_subjects, targets)
    motion = region_motion.read(database, folder)
    return _dataset(
        database if folder is None else f"{database}, own features",
        database,
        motion.fps,
        [video.recording for video in motion.videos],
        motion.expressions,
        search,
        most_subjects,
        marked=[video.marks for video in motion.videos] if targets == "marks" else None,
    )


def crossed(source: SpottingDataset, target: SpottingDataset) -> tuple[SpottingDataset, list[str]]:
    """Videos of two databases in one, with the rules of the first; and the second's subjects."""
    names = {name: f"{target.name}: {name}" for name in (*target.subjects, *target.windows.names)}
    renamed = replace(
        target.windows,
        subjects=tuple(names[name] for name in target.windows.subjects),
        names=tuple(names[name] for name in target.windows.names),
    )
    truth = target.truth.assign(
        subject=target.truth["subject"].map(names), video=target.truth["video"].map(names)
    )
    both = replace(
        source,
        name=f"{source.name}; {target.name}",
        windows=together(source.windows, renamed),
        truth=pd.concat([source.truth, truth], ignore_index=True),
        videos=(),
        marks=(*source.marks, *target.marks),
        synthetic=None,
    )
    return both, list(dict.fromkeys(renamed.subjects))


def _extracted(
    database: str, folder: Path, search: GraphConfig, most_subjects: int, targets: TargetSource
) -> SpottingDataset:
    """From motion files, under the names that annotations have for their videos."""
    if targets == "marks":
        raise CausalexError(
            f"{folder}: motion files have no marks; take targets = 'annotations' with them"
        )
    table = region_motion.annotations(database)
    recordings = [_renamed(recording, database) for recording in read_folder(folder, table)]
    subjects = {recording.video: recording.subject for recording in recordings}
    known = table[table["video"].isin(subjects)]
    if known.empty:
        raise CausalexError(
            f"{folder}: none of its {len(subjects)} videos, such as '{min(subjects)}', is"
            f" annotated; expected names such as '{table['video'].iloc[0]}'"
        )
    return _dataset(
        f"{database}, extracted motion",
        database,
        auw_gcn.FPS[database],
        recordings,
        known.assign(subject=known["video"].map(subjects)),
        search,
        most_subjects,
    )


def _dataset(
    name: str,
    like: str,
    fps: float,
    recordings: Sequence[MotionRecord],
    table: pd.DataFrame,
    search: GraphConfig,
    most_subjects: int,
    people: Cohort | None = None,
    marked: Sequence[np.ndarray] | None = None,
) -> SpottingDataset:
    """Cut the recordings of the first subjects into windows, and find their graphs."""
    subjects = list(dict.fromkeys(recording.subject for recording in recordings))
    subjects = subjects[: most_subjects or None]
    kept = [index for index, recording in enumerate(recordings) if recording.subject in subjects]
    recordings = [recordings[index] for index in kept]
    marks = None if marked is None else [marked[index] for index in kept]
    published = manifest.locate("auw_gcn_priors") if people is None else None
    truth = table[table["subject"].isin(subjects)].reset_index(drop=True)
    videos = tuple(Video(record.subject, record.video, record.motion) for record in recordings)
    config = TargetConfig("sound" if marks is None else "released")
    return SpottingDataset(
        name=name,
        fps=fps,
        windows=gather(videos, truth, config, marks),
        truth=truth,
        rules=candidates.permissive(_RULES[like]),
        loss=_LOSSES[like],
        videos=videos,
        marks=tuple(graph.of_video(recording, search).marks for recording in recordings),
        synthetic=people,
        published_prior=None if published is None else np.load(published.path(PRIORS[like])),
    )


def _renamed(recording: MotionRecord, database: str) -> MotionRecord:
    """A recording under the name that annotations have for it."""
    name = annotated_name(database, recording.video)
    if name == recording.video:
        return recording
    return replace(recording, subject=name.rpartition("_")[0], video=name)
