"""A database ready for spotting: windows, labels, and the graph of every video.

Four inputs give the same: the public motion of real people, features of one's own in the same
format, motion that ``causalex extract`` wrote, and synthetic people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from causalex_core import action_units
from causalex_core.config import one_of
from causalex_core.data import auw_gcn, manifest, region_motion
from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.feature_archive import is_archive
from causalex_core.data.names import annotated_name
from causalex_core.errors import CausalexError
from causalex_core.graphs import prior
from causalex_core.motion.record import MotionRecord, read_folder
from causalex_core.spotting import candidates, graph, losses, proposals
from causalex_core.spotting.data import TargetConfig, Video, Windows, gather, together
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.losses import LossConfig
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.training import Fold
from causalex_synthetic import dataset
from causalex_synthetic.dataset import SyntheticDataset
from causalex_synthetic.dataset_spec import SPECS

Targets = Literal["annotations", "marks"]
PRIORS: Mapping[str, str] = {CAS: "assets/cas(me)^2.npy", SAMM: "assets/samm.npy"}
_LIKE = {"cas_like": CAS, "samm_like": SAMM}
_RULES = {CAS: proposals.CAS, SAMM: proposals.SAMM}
_LOSSES = {CAS: losses.CAS, SAMM: losses.SAMM}
RealName = Annotated[str, one_of(_RULES)]
DatabaseName = Annotated[str, one_of([*SPECS, *_RULES])]


@dataclass(frozen=True)
class SpottingDataset:
    """One database.

    Attributes
    ----------
    name
        What it is called on a page; of synthetic people it says so.
    fps
        Frames per second.
    windows
        Of all videos.
    truth
        Labelled expressions.
    rules
        Which intervals are proposed; the threshold of their score decides.
    loss
        Weights of the losses.
    videos
        Motion of each video; empty where only windows are at hand.
    marks
        (12, 12) of each video's graph.
    drawn
        The synthetic people, if it is they.
    published_prior
        (12, 12) prior B that AUW-GCN ships: of everybody's annotations, those of the tested
        subject among them.
    """

    name: str
    fps: float
    windows: Windows
    truth: pd.DataFrame
    rules: ProposalConfig
    loss: LossConfig
    videos: tuple[Video, ...] = ()
    marks: tuple[np.ndarray, ...] = ()
    drawn: SyntheticDataset | None = None
    published_prior: np.ndarray | None = None

    @cached_property
    def subjects(self) -> list[str]:
        """Everybody, in the order of the folds."""
        return list(dict.fromkeys(self.windows.subjects))

    @property
    def minutes(self) -> float:
        """Length of all videos."""
        return sum(self.windows.lengths) / self.fps / 60

    def priors(self, folds: Sequence[Fold]) -> np.ndarray:
        """(F, 12, 12) prior B of each fold, from the annotations of those who are not held out."""
        counts = np.stack([self._counts[name] for name in self.subjects])
        outside = [~np.isin(self.subjects, self.windows.subject[one.held_out]) for one in folds]
        return np.stack([prior.normalise_rows(counts[part].sum(axis=0)) for part in outside])

    @cached_property
    def _counts(self) -> dict[str, np.ndarray]:
        """Counts of regions that were annotated as moving together, of each subject."""
        own = {name: rows["action_units"] for name, rows in self.truth.groupby("subject")}
        return {
            name: prior.prior_counts(
                [action_units.parse(text).numbers for text in own.get(name, ())], prior.FACS
            )
            for name in self.subjects
        }


def read(
    database: str,
    features: Mapping[str, str],
    search: GraphConfig,
    most_subjects: int = 0,
    targets: Targets = "annotations",
) -> SpottingDataset:
    """Material of a database.

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
    if database in SPECS:
        drawn = dataset.draw(dataset.Config(spec=database))
        return _material(
            drawn.spec.database,
            _LIKE[database],
            drawn.spec.fps,
            [drawn.measured(number) for number in range(len(drawn.videos))],
            drawn.expressions,
            search,
            most_subjects,
            drawn,
        )
    if database not in _RULES:
        raise CausalexError(
            f"database '{database}': expected one of {', '.join([*SPECS, *_RULES])}"
        )
    if database in features and not is_archive(Path(features[database])):
        return _extracted(database, Path(features[database]), search, most_subjects, targets)
    folder = Path(features[database]) if database in features else None
    motion = region_motion.read(database, folder)
    return _material(
        database if folder is None else f"{database}, own features",
        database,
        motion.fps,
        [video.recording for video in motion.videos],
        motion.expressions,
        search,
        most_subjects,
        marked=[video.marks for video in motion.videos] if targets == "marks" else None,
    )


def _extracted(
    database: str, folder: Path, search: GraphConfig, most_subjects: int, targets: Targets
) -> SpottingDataset:
    """From motion files, under the names that annotations have for their videos."""
    if targets == "marks":
        raise CausalexError(
            f"{folder}: motion files have no marks; take targets = 'annotations' with them"
        )
    table = region_motion.annotations(database)
    recordings = [_named(one, database) for one in read_folder(folder, table)]
    return _material(
        f"{database}, extracted motion",
        database,
        auw_gcn.FPS[database],
        recordings,
        _of_videos(table, recordings, folder),
        search,
        most_subjects,
    )


def crossed(source: SpottingDataset, target: SpottingDataset) -> tuple[SpottingDataset, list[str]]:
    """Videos of two databases in one, with the rules of the first, and who is of the second."""
    named = {name: f"{target.name}: {name}" for name in (*target.subjects, *target.windows.names)}
    renamed = replace(
        target.windows,
        subjects=tuple(named[name] for name in target.windows.subjects),
        names=tuple(named[name] for name in target.windows.names),
    )
    truth = target.truth.assign(
        subject=target.truth["subject"].map(named), video=target.truth["video"].map(named)
    )
    both = replace(
        source,
        name=f"{source.name}; {target.name}",
        windows=together(source.windows, renamed),
        truth=pd.concat([source.truth, truth], ignore_index=True),
        videos=(),
        marks=(*source.marks, *target.marks),
        drawn=None,
    )
    return both, list(dict.fromkeys(renamed.subjects))


def _material(
    name: str,
    like: str,
    fps: float,
    recordings: Sequence[MotionRecord],
    table: pd.DataFrame,
    search: GraphConfig,
    most_subjects: int,
    drawn: SyntheticDataset | None = None,
    marked: Sequence[np.ndarray] | None = None,
) -> SpottingDataset:
    people = list(dict.fromkeys(one.subject for one in recordings))[: most_subjects or None]
    kept = [number for number, one in enumerate(recordings) if one.subject in people]
    own = [recordings[number] for number in kept]
    own_marks = None if marked is None else [marked[number] for number in kept]
    published = manifest.locate("auw_gcn_priors") if drawn is None else None
    truth = table[table["subject"].isin(people)].reset_index(drop=True)
    videos = tuple(Video(one.subject, one.video, one.motion) for one in own)
    return SpottingDataset(
        name=name,
        fps=fps,
        windows=gather(
            videos, truth, TargetConfig("released" if marked is not None else "sound"), own_marks
        ),
        truth=truth,
        rules=candidates.permissive(_RULES[like]),
        loss=_LOSSES[like],
        videos=videos,
        marks=tuple(graph.of_video(one, search).marks for one in own),
        drawn=drawn,
        published_prior=None if published is None else np.load(published.path(PRIORS[like])),
    )


def _named(recording: MotionRecord, database: str) -> MotionRecord:
    """A recording under the name that annotations have for it."""
    name = annotated_name(database, recording.video)
    if name == recording.video:
        return recording
    return replace(recording, subject=name.rpartition("_")[0], video=name)


def _of_videos(
    table: pd.DataFrame, recordings: Sequence[MotionRecord], folder: Path
) -> pd.DataFrame:
    """Annotations of the videos that are there.

    Raises
    ------
    CausalexError
        If no video is annotated: the names then differ.
    """
    there = {one.video for one in recordings}
    known = table[table["video"].isin(there)]
    if known.empty:
        raise CausalexError(
            f"{folder}: none of its {len(there)} videos, such as '{min(there)}', is annotated;"
            f" expected names such as '{table['video'].iloc[0]}'"
        )
    owner = {one.video: one.subject for one in recordings}
    return known.assign(subject=known["video"].map(owner))
