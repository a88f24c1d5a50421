"""What counterfactual debiasing removes, and what it costs: Table 3 and Fig. 4 of Causal-Ex.

A share of the models' predictions on counterfactual motion is subtracted from those on the motion
as measured. Scores are shown overall, and of synthetic people by the planted ties and by groups.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, cast

import numpy as np
import pandas as pd
import torch

from causalex_book.debiasing import controls, people
from causalex_book.debiasing.people import System
from causalex_book.spotting import nested, threshold_sweep
from causalex_book.spotting.dataset import DatabaseName, RealName, SpottingDataset, read_for
from causalex_book.spotting.threshold_sweep import NESTED
from causalex_book.spotting.variants import (
    AUW_GCN,
    CAUSAL_EX,
    FEW_EPOCHS,
    VARIANTS,
    VariantName,
    trained,
    training,
)
from causalex_core.config import (
    Count,
    CountOrAll,
    Parameters,
    Probability,
    Seed,
    Strength,
    at_least,
    including,
)
from causalex_core.evaluation import fairness, operating_points
from causalex_core.expressions import KINDS
from causalex_core.spotting import debias
from causalex_core.spotting.data import KINDS as CHANNELS
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.debias import Form
from causalex_core.spotting.training import predict
from causalex_core.training import by_sample

SOURCES = ()
LONG = "about an hour of CPU time"
NONE = "none"
NULL, KEEP, MASK = "null frames", "keep E_f", "mask E_f"
BOTH = "null frames and keep E_f"
VIEWS = (NULL, KEEP, MASK)  # the text says the second; the third is its other reading
MAIN = (*VIEWS, BOTH)
SWEEP, CONSTANT = "as many thresholds instead", "a constant instead"
CROSS, TUNED = "cross_fold", "test_tuned"
FORMS: tuple[Form, ...] = ("probabilities", "logits")
HEADS = ("onset", "offset", "apex", "type")
TABLES = tuple("inputs debiasing strengths confidence bias alarms rates odds".split())
LEVEL = 0.2  # the constant that is subtracted in place of a prediction
SCORED_HEADS = ("onset", "offset", "apex")  # heads that proposals use

STRENGTHS = ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (-0.5, -0.5), (0.5, 0.0), (0.0, 0.5))
_BLUR = 8.0  # frames

Variants = Annotated[tuple[VariantName, ...], including(CAUSAL_EX)]


@dataclass(frozen=True)
class Config(Parameters):
    """Parameters of the page.

    Attributes
    ----------
    plans
        Databases, and the variants that are debiased on each; Causal-Ex alone has all controls.
    features
        Folder of each database, such as {"CAS(ME)^2": "feature_segment"}, where it is not the
        public motion.
    seeds
        Seeds of the models, the same as on the page on graphs; F1 is averaged over them.
    epochs
        Epochs of training, as on the page on graphs.
    alpha
        Level of FCI's tests.
    n_thresholds
        Number of thresholds that are tried on the score of detections.
    strengths
        Pairs of lambda: of onset and offset, and of the apex, for both kinds.
    forms
        Forms of the subtraction; the controls take the first alone.
    most_subjects
        Subjects of each database, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    plans: tuple[tuple[DatabaseName, Variants], ...] = (
        ("cas_like", (CAUSAL_EX, AUW_GCN)),
        ("samm_like", (CAUSAL_EX, AUW_GCN)),
    )
    features: Mapping[RealName, str] = field(default_factory=dict)
    seeds: tuple[Seed, ...] = (1, 2, 3, 4, 5)
    epochs: Count = 12
    alpha: Probability = 0.01
    n_thresholds: Annotated[int, at_least(2)] = 41
    strengths: Annotated[tuple[tuple[Strength, Strength], ...], including((0.0, 0.0))] = STRENGTHS
    forms: tuple[Form, ...] = FORMS
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 2000


def compute(config: Config, views: Sequence[str] = VIEWS) -> dict[str, pd.DataFrame]:
    """Tables as `TABLES` names them; those on planted biases and people only of synthetic ones.

    `views` are those of `VIEWS` that are subtracted; the others have no controls either.
    """
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    for database, variants in config.plans:
        data = read_for(config, database)
        rows["inputs"].append(_inputs(data))
        detections: dict[System, list[pd.DataFrame]] = {}
        for variant in variants:
            seeds = [_of_seed(data, variant, seed, config, views) for seed in config.seeds]
            label = {"database": data.name, "variant": variant}
            for name, of_variant in (
                ("debiasing", _gains(seeds, config)),
                ("strengths", _chosen_strengths(seeds, config)),
                ("confidence", _confidences(seeds)),
            ):
                rows[name] += [label | row for row in of_variant]
            for system in seeds[0].detections:
                detections[system] = [of_seed.detections[system] for of_seed in seeds]
        rows["bias"] += list(people.bias(data, detections))
        rows["alarms"] += list(people.alarms(data, detections))
        shown = {
            system: tables
            for system, tables in detections.items()
            if system.form == FORMS[0] and system.counterfactual in (NONE, *MAIN)
        }
        for row, cells in people.cells(data, shown):
            rows["rates"].append({**row, **fairness.rate_intervals(cells, config.n_bootstrap, 1)})
            gaps = people.odds(data, cells, config.n_bootstrap)
            rows["odds"] += [{**row, **gap} for gap in gaps]
    return {name: pd.DataFrame(table) for name, table in rows.items()}


def _inputs(data: SpottingDataset) -> dict[str, object]:
    summary, essential = data.summary(), debias.most_causal_regions(data.marks)
    return {
        "database": data.name,
        "subjects": summary["subjects"],
        "tied": people.biased(data),
        **{name: summary[name] for name in ("videos", *KINDS)},
        "essential": float(essential.sum(axis=1).mean()),
        "without_essential": float((~essential.any(axis=1)).mean()),
    }


@dataclass(frozen=True)
class _OfSeed:
    """Results of one seed, by counterfactual and form of subtraction.

    `counts` (2, S, 3) are also by who chooses strength and threshold; `strengths` (S,), also by
    kind, are the indices that are best on the other subjects, as are the `detections` of each
    system. `confidence` (3, 2, 4) is by counterfactual, see `_confidence`.
    """

    counts: dict[tuple[str, str, str], np.ndarray] = field(default_factory=dict)
    strengths: dict[tuple[str, str, str], np.ndarray] = field(default_factory=dict)
    confidence: dict[str, np.ndarray] = field(default_factory=dict)
    detections: dict[System, pd.DataFrame] = field(default_factory=dict)


def _of_seed(
    data: SpottingDataset, name: str, seed: int, config: Config, names: Sequence[str]
) -> _OfSeed:
    """Train, apply the models to the counterfactuals, and count."""
    variant, setting = VARIANTS[name], replace(FEW_EPOCHS, epochs=config.epochs)
    how, motion = training(data, variant, setting), data.windows.motion
    views = _views(data, seed, names)
    main = {view: views[view] for view in names}
    results, matrices = trained(data, variant, leave_one_subject_out(data.windows), seed, setting)
    predicted = predict(
        results, how, matrices, {NONE: motion, **(views if name == CAUSAL_EX else main)}
    )
    scores = {
        view: by_sample(results.runs, of_runs, len(motion)) for view, of_runs in predicted.items()
    }
    of_seed = _OfSeed(confidence={view: _confidence(array) for view, array in scores.items()})
    scores = _with_both(scores)
    if name == CAUSAL_EX:
        scores[CONSTANT] = np.full_like(scores[NONE], LEVEL)
    folds, epochs = nested.folds(data.windows), threshold_sweep.inner_epochs(config.epochs)
    results, matrices = trained(data, variant, folds, seed, setting, epochs)
    predicted = predict(results, how, matrices, {NONE: motion, **main})
    pairs = [
        (
            run.fold.held_out,
            _with_both({view: of_runs[index] for view, of_runs in predicted.items()}),
        )
        for index, run in enumerate(results.runs)
    ]
    group = nested.groups(data.subjects)
    for view, form in _systems(scores, config):
        # The sweep has as many choices as there are strengths, all spent on the threshold.
        n_thresholds = config.n_thresholds * (len(config.strengths) if view == SWEEP else 1)
        swept, tables = threshold_sweep.counts(
            data, _debiased(view, form, scores, config), n_thresholds
        )
        choice = threshold_sweep.cross_fold(swept)
        of_seed.counts[view, form, CROSS] = threshold_sweep.counts_at(swept, choice)
        of_seed.counts[view, form, TUNED] = np.stack(
            [operating_points.best_in_sample(swept[:, kind]) for kind in range(len(KINDS))]
        )
        if view in (SWEEP, *pairs[0][1]) and form != FORMS[1]:
            inner = [
                threshold_sweep.counts(
                    data, _debiased(view, form, of_pair, config), n_thresholds, held_out
                )[0]
                for held_out, of_pair in pairs
            ]
            at_choice = threshold_sweep.counts_at(swept, nested.each_kind(inner, group))
            of_seed.counts[view, form, NESTED] = at_choice
        if view != SWEEP:
            of_seed.detections[System(name, view, form)] = threshold_sweep.detections_at(
                data, tables, choice, n_thresholds
            )
            for kind, candidate in zip(KINDS, choice, strict=True):
                of_seed.strengths[view, form, kind] = candidate // n_thresholds
    return of_seed


def _systems(scores: Mapping[str, np.ndarray], config: Config) -> Iterator[tuple[str, str]]:
    """Counterfactuals and forms of subtraction, first those without any."""
    yield NONE, FORMS[0]
    yield SWEEP, ""
    for view in scores:
        if view != NONE:
            for form in config.forms if view in MAIN else config.forms[:1]:
                yield view, form


def _with_both(scores: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Scores by view, and the mean of those that the paper subtracts together."""
    both = {NULL, KEEP} <= set(scores)
    return {**scores, BOTH: (scores[NULL] + scores[KEEP]) / 2} if both else dict(scores)


def _debiased(
    view: str, form: str, scores: Mapping[str, np.ndarray], config: Config
) -> list[np.ndarray]:
    """Scores at each strength; the factual alone where there is nothing to subtract."""
    heads = len(SCORED_HEADS)
    if view in (NONE, SWEEP):
        return [scores[NONE][:, :, :heads]]
    factual, other = (scores[name][:, :, :heads] for name in (NONE, view))
    return [
        debias.debiased(factual, other, [[phase, phase, apex]] * 2, cast(Form, form))
        for phase, apex in config.strengths
    ]


def _gains(seeds: Sequence[_OfSeed], config: Config) -> Iterator[dict[str, object]]:
    """F1 with each counterfactual, and its gain over none when both are chosen alike."""
    counts = {key: np.stack([seed.counts[key] for seed in seeds]) for key in seeds[0].counts}
    for (view, form, rule), of_view in counts.items():
        over = {"gain": counts[NONE, FORMS[0], rule]}
        for row in threshold_sweep.score_rows(of_view, config.n_bootstrap, over):
            yield {"counterfactual": view, "form": form, "chosen": rule, **row}


def _chosen_strengths(seeds: Sequence[_OfSeed], config: Config) -> Iterator[dict[str, object]]:
    """How often each strength was best on the other subjects, over seeds and subjects."""
    for view, form, kind in seeds[0].strengths:
        chosen = np.stack([seed.strengths[view, form, kind] for seed in seeds])
        for index, (phase, apex) in enumerate(config.strengths if view != NONE else ()):
            yield {
                "counterfactual": view,
                "form": form,
                "kind": kind,
                "onset_and_offset": phase,
                "apex": apex,
                "share": float(np.mean(chosen == index)),
            }


def _confidences(seeds: Sequence[_OfSeed]) -> Iterator[dict[str, object]]:
    """Mean probabilities over seeds, by motion, kind and head."""
    for view in seeds[0].confidence:
        values = np.mean([seed.confidence[view] for seed in seeds], axis=0)  # (3, 2, 4)
        for index, kind in enumerate(CHANNELS):
            for head, of_head in zip(HEADS, values[:, index].T.tolist(), strict=True):
                yield {
                    "motion": "as measured" if view == NONE else view,
                    "kind": kind,
                    "head": head,
                    **dict(zip(("mean", "highest", "spread"), of_head, strict=True)),
                }


def _confidence(scores: np.ndarray) -> np.ndarray:
    """Mean, mean of windows' highest, and mean deviation in time, (3, 2, 4)."""
    return np.stack(
        [scores.mean(axis=(0, 3)), scores.max(axis=3).mean(axis=0), scores.std(axis=3).mean(axis=0)]
    )


def _views(
    data: SpottingDataset, seed: int, names: Sequence[str] = VIEWS
) -> dict[str, torch.Tensor]:
    """Counterfactual motion of all windows, for the views of these names and their controls."""
    motion, video = data.windows.motion, data.windows.video
    generator = np.random.default_rng([seed, len(data.videos)])
    regions = debias.most_causal_regions(data.marks)
    random = controls.random_regions(regions, generator)[video]
    kept = debias.keep(motion, regions[video])
    views = {
        NULL: debias.null_motion(motion).expand_as(motion),
        KEEP: kept,
        MASK: debias.mask(motion, regions[video]),
        "keep random regions": debias.keep(motion, random),
        "mask random regions": debias.mask(motion, random),
        "keep E_f, other video": kept[controls.from_another_video(video, generator)],
        "noise": controls.noise(motion, generator),
        "blurred": controls.blurred(motion, _BLUR),
    }
    left_out = {name.split()[0] for name in VIEWS if name not in names}  # keep, for keep E_f
    return {name: view for name, view in views.items() if name.split()[0] not in left_out}
