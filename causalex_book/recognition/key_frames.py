"""What recognition loses when key frames are wrong, and when flow was made by somebody else.

The first on synthetic people, rendered, whose true key frames are known; the second on real clips,
of which two published flows exist.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_book.recognition import baselines, emotions, key_frame_errors, two_flows
from causalex_book.recognition.inner_recognisers import group_folds
from causalex_book.recognition.key_frame_errors import Filmed, Recogniser
from causalex_book.recognition.two_flows import AS_IS
from causalex_core import paths
from causalex_core.config import Count, CountOrAll, NonNegative, Parameters, Seed, one_of
from causalex_core.data import causalnet, manifest
from causalex_core.evaluation import confusions
from causalex_core.evaluation.uncertainty import Interval
from causalex_core.recognition.data import Folds, leave_one_subject_out
from causalex_core.recognition.key_frames import NAMES, KeyFrameNoise
from causalex_core.recognition.training import COMPACT_TRAINING
from causalex_synthetic import dataset
from causalex_synthetic.dataset_spec import PLANS

SOURCES = ("causalnet_flow", "htnet_flow")
LONG = "some ten minutes of CPU time"
ALL = "all three"
CAUSALNET, HTNET = "CausalNet", "HTNet"
NO_CHANGE = "its own"
_N_CLASSES = len(causalnet.EMOTIONS)
_LINEAR, _SVM, _COMPACT = "linear model", "RBF-SVM", "compact"
_ELSEWHERE = {
    _LINEAR: Recogniser(baselines.CLASSIFIERS[_LINEAR]),
    _SVM: Recogniser(baselines.CLASSIFIERS[_SVM]),
    _COMPACT: Recogniser(COMPACT_TRAINING),
}


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    plan
        Database that the synthetic people are like.
    n_cohorts
        Number of synthetic cohorts.
    most
        Micro-expressions of each emotion and cohort, at most.
    levels
        Levels of the errors: standard deviation as a share of an expression's own duration.
    lesson
        Level of the errors that some recognisers are trained with.
    n_lessons
        Number of copies of each expression, with such errors, in their training.
    recognisers
        Recognisers of synthetic people.
    elsewhere
        Recognisers that are tested on the flow of other subjects.
    seeds
        Seeds of the networks.
    most_subjects
        Real subjects, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    plan: Annotated[str, one_of(PLANS)] = "cas_like"
    n_cohorts: Count = 12
    most: Count = 6
    levels: tuple[NonNegative, ...] = (0.1, 0.2, 0.35, 0.5)
    lesson: NonNegative = 0.25
    n_lessons: Count = 3
    recognisers: tuple[Annotated[str, one_of(key_frame_errors.RECOGNISERS)], ...] = tuple(
        key_frame_errors.RECOGNISERS
    )
    elsewhere: tuple[Annotated[str, one_of(_ELSEWHERE)], ...] = tuple(_ELSEWHERE)
    seeds: tuple[Seed, ...] = (1,)
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 5000


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``people``, ``errors``, ``scores``, ``beside``, ``flows`` and ``elsewhere``."""
    laws = _laws(config.levels)
    material = key_frame_errors.film(
        [
            dataset.Config(plan=config.plan, seed=seed, tied=0.0)
            for seed in range(1, config.n_cohorts + 1)
        ],
        laws,
        [KeyFrameNoise("normal", config.lesson)] * config.n_lessons,
        config.most,
    )
    counts = _counted(material, config)
    source = {CAUSALNET: manifest.require(SOURCES[0]), HTNET: manifest.require(SOURCES[1])}
    clips = causalnet.clips(source[CAUSALNET])
    if config.most_subjects:
        chosen = clips["subject"].value_counts().head(config.most_subjects).index
        clips = clips[clips["subject"].isin(chosen)]
    flow = {
        name: two_flows.from_median(causalnet.images(each, clips, ("onset_apex",))[:, 0])
        for name, each in source.items()
    }
    return {
        "people": pd.DataFrame(_people(material)),
        "errors": pd.DataFrame(_errors(material, laws)),
        "scores": pd.DataFrame(_scores(counts, laws, config)),
        "beside": pd.DataFrame(_beside(counts, laws, config)),
        "flows": pd.DataFrame(_flows(flow)),
        "elsewhere": pd.DataFrame(_elsewhere(flow, clips, config)),
    }


def _laws(levels: Sequence[float]) -> list[KeyFrameNoise]:
    """No error, then each law at each level."""
    laws = [key_frame_errors.TRUE]
    laws += [KeyFrameNoise("normal", level) for level in levels]
    laws += [KeyFrameNoise("uniform", level) for level in levels]
    laws += [
        KeyFrameNoise("normal", level, which=(name,)) for name, level in product(NAMES, levels)
    ]
    return laws


def _place(law: KeyFrameNoise) -> dict[str, object]:
    """Cells that say which law it is."""
    which = law.which[0] if len(law.which) == 1 else ALL
    return {"law": law.kind, "wrong": which, "level": law.level}


def _people(material: Filmed) -> Iterator[dict[str, object]]:
    length = (material.table["offset"] - material.table["onset"]) / material.table["fps"]
    for label, name in enumerate(causalnet.EMOTIONS):
        own = material.table["label"] == label
        yield {
            "emotion": name,
            "expressions": int(own.sum()),
            "people": int(material.table.loc[own, "subject"].nunique()),
            "seconds": float(length[own].median()),
        }


def _errors(material: Filmed, laws: Sequence[KeyFrameNoise]) -> Iterator[dict[str, object]]:
    """How far off key frames really are, in frames, after they were put in order."""
    true = material.table[list(NAMES)].to_numpy()
    for law, believed in zip(laws, material.key_frames, strict=True):
        off = np.abs(believed - true).mean(axis=0)
        yield _place(law) | dict(zip(NAMES, off.tolist(), strict=True))


def _counted(material: Filmed, config: Config) -> dict[str, NDArray[np.int64]]:
    """Counts (L, seeds, S, K, K) by recogniser."""
    labels, subjects = material.table["label"].to_numpy(), material.table["subject"].to_numpy()
    folds = group_folds(subjects.tolist())
    counts = {}
    for name in config.recognisers:
        said = key_frame_errors.judged(
            material.lessons,
            material.tests,
            labels,
            folds,
            key_frame_errors.RECOGNISERS[name],
            config.seeds,
            paths.data_folder() / "training",
        )
        each = confusions.per_subject(said, labels, subjects, _N_CLASSES)
        counts[name] = np.moveaxis(each, 1, 0)
    return counts


def _scores(
    counts: Mapping[str, NDArray[np.int64]], laws: Sequence[KeyFrameNoise], config: Config
) -> Iterator[dict[str, object]]:
    """UF1 under each law, and what is lost against true key frames, paired by subject."""
    for name, own in counts.items():
        for law, found in zip(laws, own, strict=True):
            yield {
                "recogniser": name,
                **_place(law),
                **emotions.cells(_uf1(found, config), "uf1"),
                **_named(_gain(found, own[0], config), "change"),
            }


def _beside(
    counts: Mapping[str, NDArray[np.int64]], laws: Sequence[KeyFrameNoise], config: Config
) -> Iterator[dict[str, object]]:
    """What each recogniser reads more than the one that sees the first phase, paired by subject."""
    first = counts.get(key_frame_errors.COMPACT_APEX)
    if first is None:
        return
    for name, own in counts.items():
        for law, found, alone in zip(laws, own, first, strict=True):
            if law.kind == "normal" and law.which == NAMES and own is not first:
                gain = emotions.cells(_gain(found, alone, config), "gain")
                yield {"recogniser": name, "level": law.level, **gain}


def _flows(flow: Mapping[str, two_flows.Flow]) -> Iterator[dict[str, object]]:
    """How the two flows of the same clips resemble each other, by channel."""
    ours, theirs = flow[CAUSALNET], flow[HTNET]
    there = two_flows.place(theirs, ours)
    found = {
        "as they are": theirs,
        "v and u exchanged": theirs[..., [0, 2, 1]],
        f"HTNet's {there.zoom:.2f} times smaller, {-there.rows:.1f} rows lower": there.undone(
            theirs
        ),
    }
    for name, images in found.items():
        correlation = two_flows.alike(ours, images)
        for number, channel in enumerate(("strain", "v", "u")):
            yield {
                "flows": name,
                "channel": channel,
                "correlation": float(correlation[:, number].mean()),
                "same_sign": float((correlation[:, number] > 0).mean()),
                "spread_causalnet": float(np.sqrt(np.mean(ours[..., number] ** 2))),
                "spread_htnet": float(np.sqrt(np.mean(images[..., number] ** 2))),
            }


def _elsewhere(
    flow: Mapping[str, two_flows.Flow], clips: pd.DataFrame, config: Config
) -> Iterator[dict[str, object]]:
    """UF1 of recognisers that were trained on one flow, on either."""
    labels, subjects = clips["label"].to_numpy(), clips["subject"].tolist()
    for name in config.elsewhere:
        grouped = name == _COMPACT  # which takes minutes
        folds = (group_folds if grouped else leave_one_subject_out)(subjects)
        for home, away in ((CAUSALNET, HTNET), (HTNET, CAUSALNET)):
            counts = _abroad(flow[home], flow[away], labels, subjects, folds, name, config)
            for remedy, found in counts.items():
                yield {
                    "recogniser": name,
                    "folds": len(folds.subjects),
                    "trained_on": home,
                    "tested_on": home if remedy == NO_CHANGE else away,
                    "flow": remedy,
                    **emotions.cells(_uf1(found, config), "uf1"),
                    **_named(_gain(found, counts[AS_IS], config), "gain"),
                }


def _abroad(
    home: two_flows.Flow,
    away: two_flows.Flow,
    labels: NDArray[np.int64],
    subjects: Sequence[str],
    folds: Folds,
    recogniser: str,
    config: Config,
) -> dict[str, NDArray[np.int64]]:
    """Counts (seeds, S, K, K) at home, and abroad after each remedy."""
    tests = {NO_CHANGE: home, **two_flows.remedied(away, home, folds)}
    seen = np.stack(list(tests.values()))
    both = np.stack([seen, np.zeros_like(seen)], axis=2)  # HTNet has no relaxation
    said = key_frame_errors.judged(
        both[:1],
        both,
        labels,
        folds,
        _ELSEWHERE[recogniser],
        config.seeds,
        paths.data_folder() / "training",
    )
    counts = confusions.per_subject(said, labels, subjects, _N_CLASSES)
    return {name: counts[:, place] for place, name in enumerate(tests)}


def _uf1(counts: NDArray[np.int64], config: Config) -> Interval:
    return confusions.intervals(counts, config.n_bootstrap, seed=1)["uf1"]


def _gain(counts: NDArray[np.int64], others: NDArray[np.int64], config: Config) -> Interval:
    return confusions.differences(counts, others, config.n_bootstrap, seed=1)["uf1"]


def _named(interval: Interval, name: str) -> dict[str, object]:
    """An estimate and its ends, all under a name."""
    return {
        name: interval.estimate,
        f"{name}_low": interval.low,
        f"{name}_high": interval.high,
    }
