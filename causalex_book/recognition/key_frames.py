"""Loss of recognition from wrong key frames, and from flow of another source.

The first on rendered synthetic people, whose true key frames are known; the second on real clips,
of which two published flows exist.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.figure import Figure
from numpy.typing import NDArray

from causalex_book.publishing import style
from causalex_book.recognition import baselines, emotions, key_frame_errors, two_flows
from causalex_book.recognition.emotions import COMPACT, LINEAR, N_CLASSES
from causalex_book.recognition.inner_recognisers import group_folds
from causalex_book.recognition.key_frame_errors import Filmed, Recogniser
from causalex_book.recognition.two_flows import AS_IS
from causalex_core import paths
from causalex_core.config import Count, CountOrAll, NonNegative, Parameters, Seed, one_of
from causalex_core.data import causalnet, manifest
from causalex_core.evaluation import recognition
from causalex_core.evaluation.uncertainty import Interval
from causalex_core.recognition.data import Folds, from_median, leave_one_subject_out
from causalex_core.recognition.key_frames import NAMES, KeyFrameNoise
from causalex_core.recognition.training import COMPACT_TRAINING
from causalex_synthetic import dataset
from causalex_synthetic.dataset_spec import SPECS

SOURCES = ("causalnet_flow", "htnet_flow")
LONG = "some ten minutes of CPU time"
ALL = "all three"
CAUSALNET, HTNET = "CausalNet", "HTNet"
NO_CHANGE = "its own"
_DASHES = ("solid", "dash", "dot", "dashdot")
_SVM = "RBF-SVM"
_OTHER_FLOW = {
    LINEAR: Recogniser(baselines.CLASSIFIERS[LINEAR]),
    _SVM: Recogniser(baselines.CLASSIFIERS[_SVM]),
    COMPACT: Recogniser(COMPACT_TRAINING),
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
        Recognisers that are tested on the flow of the other source.
    seeds
        Seeds of the networks.
    most_subjects
        Real subjects, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    plan: Annotated[str, one_of(SPECS)] = "cas_like"
    n_cohorts: Count = 12
    most: Count = 6
    levels: tuple[NonNegative, ...] = (0.1, 0.2, 0.35, 0.5)
    lesson: NonNegative = 0.25
    n_lessons: Count = 3
    recognisers: tuple[Annotated[str, one_of(key_frame_errors.RECOGNISERS)], ...] = tuple(
        key_frame_errors.RECOGNISERS
    )
    elsewhere: tuple[Annotated[str, one_of(_OTHER_FLOW)], ...] = tuple(_OTHER_FLOW)
    seeds: tuple[Seed, ...] = (1,)
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 5000


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables ``people``, ``errors``, ``scores``, ``beside``, ``flows`` and ``elsewhere``."""
    noises = _noises(config.levels)
    filmed = key_frame_errors.film(
        [
            dataset.Config(spec=config.plan, seed=seed, biased=0.0)
            for seed in range(1, config.n_cohorts + 1)
        ],
        noises,
        [KeyFrameNoise("normal", config.lesson)] * config.n_lessons,
        config.most,
    )
    counts = _counted(filmed, config)
    source = {CAUSALNET: manifest.require(SOURCES[0]), HTNET: manifest.require(SOURCES[1])}
    clips = causalnet.clips(source[CAUSALNET])
    if config.most_subjects:
        chosen = clips["subject"].value_counts().head(config.most_subjects).index
        clips = clips[clips["subject"].isin(chosen)]
    flow = {
        name: from_median(causalnet.images(files, clips, ("onset_apex",))[:, 0])
        for name, files in source.items()
    }
    return {
        "people": pd.DataFrame(_people(filmed)),
        "errors": pd.DataFrame(_errors(filmed, noises)),
        "scores": pd.DataFrame(_scores(counts, noises, config)),
        "beside": pd.DataFrame(_baseline(counts, noises, config)),
        "flows": pd.DataFrame(_flows(flow)),
        "elsewhere": pd.DataFrame(_other_flow(flow, clips, config)),
    }


def _noises(levels: Sequence[float]) -> list[KeyFrameNoise]:
    """No error, then each distribution at each level."""
    noises = [key_frame_errors.TRUE]
    noises += [KeyFrameNoise("normal", level) for level in levels]
    noises += [KeyFrameNoise("uniform", level) for level in levels]
    noises += [
        KeyFrameNoise("normal", level, which=(name,)) for name, level in product(NAMES, levels)
    ]
    return noises


def _keys(noise: KeyFrameNoise) -> emotions.Row:
    """Cells that name a distribution."""
    which = noise.which[0] if len(noise.which) == 1 else ALL
    return {"law": noise.kind, "wrong": which, "level": noise.level}


def _people(filmed: Filmed) -> Iterator[emotions.Row]:
    length = (filmed.table["offset"] - filmed.table["onset"]) / filmed.table["fps"]
    for label, name in enumerate(causalnet.EMOTIONS):
        rows = filmed.table["label"] == label
        yield {
            "emotion": name,
            "expressions": int(rows.sum()),
            "people": int(filmed.table.loc[rows, "subject"].nunique()),
            "seconds": float(length[rows].median()),
        }


def _errors(filmed: Filmed, noises: Sequence[KeyFrameNoise]) -> Iterator[emotions.Row]:
    """Mean absolute errors in frames, after key frames were put in order."""
    true = filmed.table[list(NAMES)].to_numpy()
    for noise, wrong in zip(noises, filmed.key_frames, strict=True):
        error = np.abs(wrong - true).mean(axis=0)
        yield _keys(noise) | dict(zip(NAMES, error.tolist(), strict=True))


def _counted(filmed: Filmed, config: Config) -> dict[str, NDArray[np.int64]]:
    """Counts (L, seeds, S, K, K) by recogniser."""
    labels, subjects = filmed.table["label"].to_numpy(), filmed.table["subject"].to_numpy()
    folds = group_folds(subjects.tolist())
    counts = {}
    for name in config.recognisers:
        predicted = key_frame_errors.predict(
            filmed.lessons,
            filmed.tests,
            labels,
            folds,
            key_frame_errors.RECOGNISERS[name],
            config.seeds,
            paths.data_folder() / "training",
        )
        by_seed = recognition.per_subject(predicted, labels, subjects, N_CLASSES)
        counts[name] = np.moveaxis(by_seed, 1, 0)
    return counts


def _scores(
    counts: Mapping[str, NDArray[np.int64]], noises: Sequence[KeyFrameNoise], config: Config
) -> Iterator[emotions.Row]:
    """UF1 under each distribution, and its change from true key frames, paired by subject."""
    for name, by_noise in counts.items():
        for noise, wrong in zip(noises, by_noise, strict=True):
            yield {
                "recogniser": name,
                **_keys(noise),
                **emotions.cells(_uf1(wrong, config), "uf1"),
                **emotions.cells(_gain(wrong, by_noise[0], config), "change", "change_"),
            }


def _baseline(
    counts: Mapping[str, NDArray[np.int64]], noises: Sequence[KeyFrameNoise], config: Config
) -> Iterator[emotions.Row]:
    """UF1 of each recogniser less that from onset to apex alone, paired by subject."""
    baseline = counts.get(key_frame_errors.COMPACT_APEX)
    if baseline is None:
        return
    for name, by_noise in counts.items():
        for noise, both_phases, first_phase in zip(noises, by_noise, baseline, strict=True):
            if noise.kind == "normal" and noise.which == NAMES and by_noise is not baseline:
                gain = emotions.cells(_gain(both_phases, first_phase, config), "gain")
                yield {"recogniser": name, "level": noise.level, **gain}


def _flows(flow: Mapping[str, two_flows.Flow]) -> Iterator[emotions.Row]:
    """Correlation of the two flows of the same clips, by channel."""
    ours, theirs = flow[CAUSALNET], flow[HTNET]
    position = two_flows.face_position(theirs, ours)
    warped = f"HTNet's {position.zoom:.2f} times smaller, {-position.rows:.1f} rows lower"
    variants = {
        "as they are": theirs,
        "v and u exchanged": theirs[..., [0, 2, 1]],
        warped: position.warp(theirs),
    }
    for name, images in variants.items():
        correlation = two_flows.correlation(ours, images)
        for number, channel in enumerate(("strain", "v", "u")):
            yield {
                "flows": name,
                "channel": channel,
                "correlation": float(correlation[:, number].mean()),
                "same_sign": float((correlation[:, number] > 0).mean()),
                "spread_causalnet": float(np.sqrt(np.mean(ours[..., number] ** 2))),
                "spread_htnet": float(np.sqrt(np.mean(images[..., number] ** 2))),
            }


def _other_flow(
    flow: Mapping[str, two_flows.Flow], clips: pd.DataFrame, config: Config
) -> Iterator[emotions.Row]:
    """UF1 of recognisers that were trained on one flow, on either."""
    labels, subjects = clips["label"].to_numpy(), clips["subject"].tolist()
    for name in config.elsewhere:
        grouped = name == COMPACT  # which takes minutes
        folds = (group_folds if grouped else leave_one_subject_out)(subjects)
        for source, other in ((CAUSALNET, HTNET), (HTNET, CAUSALNET)):
            counts = _tested(flow[source], flow[other], labels, subjects, folds, name, config)
            for alignment, tested in counts.items():
                yield {
                    "recogniser": name,
                    "folds": len(folds.subjects),
                    "trained_on": source,
                    "tested_on": source if alignment == NO_CHANGE else other,
                    "flow": alignment,
                    **emotions.cells(_uf1(tested, config), "uf1"),
                    **emotions.cells(_gain(tested, counts[AS_IS], config), "gain", "gain_"),
                }


def _tested(
    source: two_flows.Flow,
    other: two_flows.Flow,
    labels: NDArray[np.int64],
    subjects: Sequence[str],
    folds: Folds,
    recogniser: str,
    config: Config,
) -> dict[str, NDArray[np.int64]]:
    """Counts (seeds, S, K, K) in domain, and on the other flow after each alignment."""
    tests = {NO_CHANGE: source, **two_flows.align(other, source, folds)}
    contraction = np.stack(list(tests.values()))
    # HTNet has no relaxation
    both = np.stack([contraction, np.zeros_like(contraction)], axis=2)
    predicted = key_frame_errors.predict(
        both[:1],
        both,
        labels,
        folds,
        _OTHER_FLOW[recogniser],
        config.seeds,
        paths.data_folder() / "training",
    )
    counts = recognition.per_subject(predicted, labels, subjects, N_CLASSES)
    return {name: counts[:, index] for index, name in enumerate(tests)}


def _uf1(counts: NDArray[np.int64], config: Config) -> Interval:
    return recognition.intervals(counts, config.n_bootstrap, seed=1)["uf1"]


def _gain(counts: NDArray[np.int64], others: NDArray[np.int64], config: Config) -> Interval:
    return recognition.differences(counts, others, config.n_bootstrap, seed=1)["uf1"]


def curves_figure(table: pd.DataFrame, marks: Mapping[str, float] | None = None) -> go.Figure:
    """UF1 against the level of key-frame errors, a line per recogniser.

    Parameters
    ----------
    table
        Columns ``recogniser, level, uf1, low, high``, of one distribution.
    marks
        Levels to be marked, by their names.
    """
    drawn = go.Figure(layout=style.plotly_layout(height=480))
    for number, (name, rows) in enumerate(table.groupby("recogniser", sort=False)):
        colour = style.PALETTE[number % len(style.PALETTE)]
        x = 100 * rows["level"]
        style.plotly_band(drawn, x, rows["low"], rows["high"], colour)
        drawn.add_scatter(
            x=x,
            y=rows["uf1"],
            name=str(name),
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": _DASHES[number % len(_DASHES)]},
            hovertemplate="%{x:.0f} % of the duration: UF1 %{y:.3f}",
        )
    for name, level in (marks or {}).items():
        drawn.add_vline(
            x=100 * level,
            line={"color": style.INK, "dash": "dot", "width": 1},
            annotation={"text": name, "textangle": -90, "yanchor": "bottom", "y": 0.02},
            annotation_position="bottom left",
        )
    drawn.update_xaxes(title="standard deviation of key-frame errors (% of an expression)")
    drawn.update_yaxes(title="UF1", range=[0, 1])
    return drawn


def frames_figure(table: pd.DataFrame) -> Figure:
    """Change of UF1 by the frame that is wrong, a panel per recogniser.

    Columns ``recogniser, wrong, level, change, change_low, change_high``.
    """
    names, frames = (list(table[column].drop_duplicates()) for column in ("recogniser", "wrong"))
    with style.figure(7.2, 3.2, ncols=len(names), sharey=True, squeeze=False) as (drawn, axes):
        for axis, name in zip(axes[0], names, strict=True):
            for number, frame in enumerate(frames):
                rows = table[(table["recogniser"] == name) & (table["wrong"] == frame)]
                x = 100 * rows["level"] + (number - (len(frames) - 1) / 2)
                colour = style.PALETTE[number]
                axis.vlines(x, rows["change_low"], rows["change_high"], color=colour, lw=1.2)
                axis.plot(x, rows["change"], "os^D"[number] + "-", color=colour, ms=4, label=frame)
            axis.axhline(0, color=style.INK, lw=0.8)
            axis.set_title(name)
            axis.set_xlabel("standard deviation (%)")
        axes[0, 0].set_ylabel("change of UF1")
        emotions.legend_above(drawn, axes[0, 0])
    return drawn


def other_flow_figure(table: pd.DataFrame) -> Figure:
    """UF1 on the training flow, and on the other one after each alignment.

    Columns ``recogniser, trained_on, flow, uf1, low, high``.
    """
    sources, alignments, names = (
        list(table[column].drop_duplicates()) for column in ("trained_on", "flow", "recogniser")
    )
    with style.figure(7.2, 3.0, ncols=len(sources), sharey=True, squeeze=False) as (drawn, axes):
        for axis, source in zip(axes[0], sources, strict=True):
            for number, name in enumerate(names):
                rows = table[(table["trained_on"] == source) & (table["recogniser"] == name)]
                rows = rows.set_index("flow").loc[alignments]
                y = np.arange(len(alignments)) + 0.2 * (number - (len(names) - 1) / 2)
                colour = style.PALETTE[number]
                axis.hlines(y, rows["low"], rows["high"], color=colour, lw=1.4)
                axis.plot(rows["uf1"], y, "os^"[number % 3], color=colour, ms=5, label=name)
            axis.set_yticks(range(len(alignments)), alignments)
            axis.set_title(f"trained on {source}'s flow")
            axis.set_xlabel("UF1, 95 % interval over subjects")
            axis.set_xlim(0.2, 1)
        axes[0, 0].invert_yaxis()
        emotions.legend_above(drawn, axes[0, 0])
    return drawn
