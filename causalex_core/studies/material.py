"""A database ready for spotting: windows, labels, and the graph of every video.

Three inputs give the same: synthetic people, motion that ``causalex extract`` wrote, and
AUW-GCN's published features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd

from causalex_core import action_units
from causalex_core.cohort import cohort
from causalex_core.cohort.cohort import Cohort
from causalex_core.cohort.plans import PLANS
from causalex_core.datasets import auw_gcn, manifest
from causalex_core.datasets.annotations import CAS, SAMM
from causalex_core.datasets.feature_archive import read_archive
from causalex_core.datasets.features import Recording, read_folder
from causalex_core.datasets.names import found_as
from causalex_core.errors import CausalexError
from causalex_core.graphs import prior
from causalex_core.parameters import one_of
from causalex_core.spotter import graph
from causalex_core.spotter.graph import GraphConfig
from causalex_core.spotter.videos import recorded
from causalex_core.spotting import candidates, losses, proposals
from causalex_core.spotting.losses import LossConfig
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.spotting.windows import Fold, Video, Windows, gather, together

ANNOTATIONS = "auw_gcn_annotations"
_LIKE = {"cas_like": CAS, "samm_like": SAMM}
_RULES = {CAS: proposals.CAS, SAMM: proposals.SAMM}
_LOSSES = {CAS: losses.CAS, SAMM: losses.SAMM}
RealName = Annotated[str, one_of(_RULES)]
DatabaseName = Annotated[str, one_of([*PLANS, *_RULES])]


@dataclass(frozen=True)
class Material:
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
    """

    name: str
    fps: float
    windows: Windows
    truth: pd.DataFrame
    rules: ProposalConfig
    loss: LossConfig
    videos: tuple[Video, ...] = ()
    marks: tuple[np.ndarray, ...] = ()
    drawn: Cohort | None = None

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
) -> Material:
    """Material of a database.

    Parameters
    ----------
    database
        ``cas_like`` or ``samm_like``: synthetic people. ``CAS(ME)^2`` or ``SAMM-LV``: the real
        ones, from motion or features that the user has.
    features
        Folder of each real database: AUW-GCN's ``feature_segment``, or one of motion files.
    search
        How the graph of each video is found.
    most_subjects
        Take only the first; 0 is everybody.

    Raises
    ------
    CausalexError
        If the database is unknown, its folder is not given or cannot be used, or its annotations
        are not at hand.
    """
    if database in PLANS:
        drawn = cohort.draw(cohort.Config(plan=database))
        return _material(
            drawn.plan.database,
            _LIKE[database],
            drawn.plan.fps,
            [
                recorded(drawn.measured(number), video.person.subject, video.name)
                for number, video in enumerate(drawn.videos)
            ],
            drawn.expressions,
            search,
            most_subjects,
            drawn,
        )
    if database not in _RULES:
        raise CausalexError(
            f"database '{database}': expected one of {', '.join([*PLANS, *_RULES])}"
        )
    if database not in features:
        raise CausalexError(
            f"no features of {database} given: name their folder, features={{'{database}': FOLDER}}"
        )
    folder = Path(features[database])
    table = auw_gcn.read(manifest.require(ANNOTATIONS).path(auw_gcn.FILES[database]), database)
    if any((folder / part).is_dir() for part in ("train", "test")):
        source, (recordings, _) = "AUW-GCN's features", read_archive(folder)
    else:
        source = "extracted motion"
        recordings = [_named(one, database) for one in read_folder(folder, table)]
    return _material(
        f"{database}, {source}",
        database,
        auw_gcn.FPS[database],
        recordings,
        _of_videos(table, recordings, folder),
        search,
        most_subjects,
    )


def crossed(source: Material, target: Material) -> tuple[Material, list[str]]:
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
    recordings: Sequence[Recording],
    table: pd.DataFrame,
    search: GraphConfig,
    most_subjects: int,
    drawn: Cohort | None = None,
) -> Material:
    people = list(dict.fromkeys(one.subject for one in recordings))[: most_subjects or None]
    own = [one for one in recordings if one.subject in people]
    truth = table[table["subject"].isin(people)].reset_index(drop=True)
    videos = tuple(Video(one.subject, one.video, one.motion) for one in own)
    return Material(
        name=name,
        fps=fps,
        windows=gather(videos, truth),
        truth=truth,
        rules=candidates.tried(_RULES[like]),
        loss=_LOSSES[like],
        videos=videos,
        marks=tuple(graph.of_video(one, search).marks for one in own),
        drawn=drawn,
    )


def _named(recording: Recording, database: str) -> Recording:
    """A recording under the name that annotations have for it."""
    name = found_as(database, recording.video)
    if name == recording.video:
        return recording
    return replace(recording, subject=name.rpartition("_")[0], video=name)


def _of_videos(table: pd.DataFrame, recordings: Sequence[Recording], folder: Path) -> pd.DataFrame:
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
