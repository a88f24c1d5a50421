"""What counterfactual debiasing removes, and what it costs.

A share of the probabilities of counterfactual videos is subtracted. Overall, for the people in whom
a unit was tied to micro-expressions, and for groups of people: section 2.3, Table 3 and Fig. 4 of
Causal-Ex.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np
import pandas as pd
import torch

from causalex_book.debiasing import controls, people
from causalex_book.debiasing.people import System
from causalex_book.spotting import material, nested, points
from causalex_book.spotting.material import DatabaseName, RealName, SpottingDataset
from causalex_book.spotting.points import NESTED
from causalex_book.spotting.variants import (
    AUW_GCN,
    CAUSAL_EX,
    OWN,
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
from causalex_core.evaluation import fairness, operating_points, selection
from causalex_core.expressions import KINDS
from causalex_core.spotting import debias
from causalex_core.spotting.data import leave_one_subject_out
from causalex_core.spotting.debias import Form
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.training import predict
from causalex_core.training import by_sample

SOURCES = ()
LONG = "about an hour of CPU time"
NONE = "none"
NULL, KEEP, MASK = "null frames", "keep E_f", "mask E_f"
BOTH = "null frames and keep E_f"
VIEWS = (NULL, KEEP, MASK)  # the text's reading of the second, and the other one
MAIN = (*VIEWS, BOTH)
SWEEP, CONSTANT = "as many thresholds instead", "a constant instead"
CROSS, TUNED = "cross_fold", "test_tuned"
FORMS: tuple[Form, ...] = ("probabilities", "logits")
HEADS = ("onset", "offset", "apex", "type")
TABLES = (
    "inputs",
    "debiasing",
    "strengths",
    "confidence",
    "bias",
    "alarms",
    "rates",
    "odds",
)
LEVEL = 0.2  # probability in place of what is said of a counterfactual
SCORED_HEADS = ("onset", "offset", "apex")  # heads that proposals ask

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
    strengths: Annotated[tuple[tuple[Strength, Strength], ...], including((0.0, 0.0))] = (
        (0.0, 0.0),
        (0.5, 0.5),
        (1.0, 1.0),
        (-0.5, -0.5),
        (0.5, 0.0),
        (0.0, 0.5),
    )
    forms: tuple[Form, ...] = FORMS
    most_subjects: CountOrAll = 0
    n_bootstrap: Count = 2000


def compute(config: Config, views: Sequence[str] = VIEWS) -> dict[str, pd.DataFrame]:
    """Tables as `TABLES` names them; those on planted biases and people only of synthetic ones.

    Parameters
    ----------
    config
        Of the page.
    views
        Which of `VIEWS` are subtracted; one that is not has no controls either.
    """
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    for database, variants in config.plans:
        part = material.read(
            database, config.features, GraphConfig(alpha=config.alpha), config.most_subjects
        )
        rows["inputs"].append(_inputs(part))
        found: dict[System, list[pd.DataFrame]] = {}
        for variant in variants:
            tally = _Tally(part, variant, config, views)
            for seed in config.seeds:
                tally.add(seed)
            for name, table in tally.tables().items():
                rows[name] += table
            found |= tally.found
        rows["bias"] += list(people.bias(part, found))
        rows["alarms"] += list(people.alarms(part, found))
        judged = {
            name: each
            for name, each in found.items()
            if name.form == FORMS[0] and name.counterfactual in (NONE, *MAIN)
        }
        for row, counts in people.cells(part, judged):
            rows["rates"].append({**row, **fairness.rate_intervals(counts, config.n_bootstrap, 1)})
            gaps = people.odds(part, counts, config.n_bootstrap)
            rows["odds"] += [{**row, **gap} for gap in gaps]
    return {name: pd.DataFrame(table) for name, table in rows.items()}


def _inputs(part: SpottingDataset) -> dict[str, object]:
    essential = debias.most_causal_regions(part.marks)
    return {
        "database": part.name,
        "subjects": len(part.subjects),
        "tied": people.tied(part),
        "videos": len(part.videos),
        "macro": int((part.truth["kind"] == "macro").sum()),
        "micro": int((part.truth["kind"] == "micro").sum()),
        "essential": float(essential.sum(axis=1).mean()),
        "without_essential": float((~essential.any(axis=1)).mean()),
    }


class _Tally:
    """What counterfactuals make of the models of one variant, seed by seed."""

    def __init__(
        self, part: SpottingDataset, variant: str, config: Config, views: Sequence[str]
    ) -> None:
        self.part, self.variant, self.config, self.views = part, variant, config, views
        self.group = nested.groups(part.subjects)
        self.found: dict[System, list[pd.DataFrame]] = defaultdict(list)
        self._counts: dict[tuple[str, str, str], list[np.ndarray]] = defaultdict(list)
        self._strengths: dict[tuple[str, str, str], list[np.ndarray]] = defaultdict(list)
        self._said: dict[str, list[np.ndarray]] = defaultdict(list)

    def add(self, seed: int) -> None:
        """Judge the counterfactuals with the models of one seed, and count."""
        part, config = self.part, self.config
        variant = VARIANTS[self.variant]
        setting = replace(OWN, epochs=config.epochs)
        how = training(part, variant, setting)
        motion, views = part.windows.motion, _views(part, seed, self.views)
        if self.variant != CAUSAL_EX:
            views = {name: views[name] for name in self.views}
        outcome, matrices = trained(
            part, variant, leave_one_subject_out(part.windows), seed, setting
        )
        judged = predict(outcome, how, matrices, {NONE: motion, **views})
        said = {
            name: by_sample(outcome.runs, of_runs, len(motion)) for name, of_runs in judged.items()
        }
        for name, own in said.items():
            self._said[name].append(_confidence(own))
        retrained, matrices = trained(
            part,
            variant,
            nested.folds(part.windows),
            seed,
            setting,
            points.asked(config.epochs),
        )
        of_views = {NONE: motion, **{name: views[name] for name in self.views}}
        inner = predict(retrained, how, matrices, of_views)
        if {NULL, KEEP} <= set(self.views):
            said[BOTH] = (said[NULL] + said[KEEP]) / 2
            inner[BOTH] = tuple(
                (null + kept) / 2 for null, kept in zip(inner[NULL], inner[KEEP], strict=True)
            )
        positions = [run.fold.held_out for run in retrained.runs]
        self._count(NONE, FORMS[0], said, inner, positions)
        self._sweep(said[NONE], inner[NONE], positions)
        if self.variant == CAUSAL_EX:
            said[CONSTANT] = np.full_like(said[NONE], LEVEL)
        for name in said:
            for form in config.forms if name in MAIN else config.forms[:1]:
                if name != NONE:
                    self._count(name, form, said, inner, positions)

    def tables(self) -> dict[str, list[dict[str, object]]]:
        """Rows of ``debiasing``, ``strengths`` and ``confidence``."""
        return {
            "debiasing": list(self._gains()),
            "strengths": list(self._chosen_strengths()),
            "confidence": list(self._confidences()),
        }

    def _count(
        self,
        name: str,
        form: Form,
        said: Mapping[str, np.ndarray],
        inner: Mapping[str, Sequence[np.ndarray]],
        positions: Sequence[np.ndarray],
    ) -> None:
        """Hits at the strengths and thresholds that each rule chooses."""
        part, n_thresholds = self.part, self.config.n_thresholds
        scores = self._debiased(name, said[NONE], said[name], form)
        hits, detections = points.hits(part, scores, n_thresholds)
        self._store(name, form, hits)
        system = System(self.variant, name, form)
        self.found[system].append(
            points.at_choice(part, detections, points.cross_fold(hits), n_thresholds)
        )
        for place, kind in enumerate(KINDS):
            choice = selection.cross_fold(operating_points.flat(hits[:, place]))
            self._strengths[name, form, kind].append(choice // n_thresholds)
        if name in inner and form == FORMS[0]:
            of_pairs = [
                points.hits(part, self._debiased(name, own, other, form), n_thresholds, place)[0]
                for own, other, place in zip(inner[NONE], inner[name], positions, strict=True)
            ]
            self._counts[name, form, NESTED].append(self._at_inner_choice(hits, of_pairs))

    def _at_inner_choice(self, hits: np.ndarray, of_pairs: Sequence[np.ndarray]) -> np.ndarray:
        return points.at_candidates(hits, nested.each_kind(of_pairs, self.group))

    def _sweep(
        self,
        factual: np.ndarray,
        inner: Sequence[np.ndarray],
        positions: Sequence[np.ndarray],
    ) -> None:
        """As many choices, all spent on the threshold."""
        finer = self.config.n_thresholds * len(self.config.strengths)
        hits, _ = points.hits(self.part, [factual[:, :, : len(SCORED_HEADS)]], finer)
        of_pairs = [
            points.hits(self.part, [own[:, :, : len(SCORED_HEADS)]], finer, place)[0]
            for own, place in zip(inner, positions, strict=True)
        ]
        self._store(SWEEP, "", hits)
        self._counts[SWEEP, "", NESTED].append(self._at_inner_choice(hits, of_pairs))

    def _debiased(
        self, name: str, factual: np.ndarray, other: np.ndarray, form: Form
    ) -> list[np.ndarray]:
        """Scores at each strength; the factual alone where there is nothing to subtract."""
        said, from_it = factual[:, :, : len(SCORED_HEADS)], other[:, :, : len(SCORED_HEADS)]
        if name == NONE:
            return [said]
        return [
            debias.debiased(said, from_it, [[phase, phase, apex]] * 2, form)
            for phase, apex in self.config.strengths
        ]

    def _store(self, name: str, form: str, hits: np.ndarray) -> None:
        self._counts[name, form, CROSS].append(points.best_elsewhere(hits))
        here = [operating_points.best_in_sample(hits[:, kind]) for kind in range(len(KINDS))]
        self._counts[name, form, TUNED].append(np.stack(here))

    def _gains(self) -> Iterator[dict[str, object]]:
        """F1 with each, and what is gained over none when both are chosen alike."""
        n_bootstrap = self.config.n_bootstrap
        for (name, form, choice), found in self._counts.items():
            plain = dict(points.named(np.stack(self._counts[NONE, FORMS[0], choice])))
            for kind, own in points.named(np.stack(found)):
                yield {
                    "database": self.part.name,
                    "variant": self.variant,
                    "counterfactual": name,
                    "form": form,
                    "chosen": choice,
                    "kind": kind,
                    **operating_points.summary(own, n_bootstrap),
                    **operating_points.gain(own, plain[kind], n_bootstrap),
                }

    def _chosen_strengths(self) -> Iterator[dict[str, object]]:
        """How often each strength was best on the other subjects, over seeds and subjects."""
        for (name, form, kind), chosen in self._strengths.items():
            for place, (phase, apex) in enumerate(self.config.strengths if name != NONE else ()):
                yield {
                    "database": self.part.name,
                    "variant": self.variant,
                    "counterfactual": name,
                    "form": form,
                    "kind": kind,
                    "onset_and_offset": phase,
                    "apex": apex,
                    "share": float(np.mean(np.stack(chosen) == place)),
                }

    def _confidences(self) -> Iterator[dict[str, object]]:
        """How sure the models are: over all frames, at each window's highest, and how it varies."""
        for name, said in self._said.items():
            mean, highest, spread = np.mean(said, axis=0)  # (2, 4) each
            for place, kind in enumerate(KINDS):
                for head, own in enumerate(HEADS):
                    yield {
                        "database": self.part.name,
                        "variant": self.variant,
                        "motion": "as measured" if name == NONE else name,
                        "kind": kind,
                        "head": own,
                        "mean": float(mean[place, head]),
                        "highest": float(highest[place, head]),
                        "spread": float(spread[place, head]),
                    }


def _confidence(said: np.ndarray) -> np.ndarray:
    """Mean, mean of windows' highest, and mean deviation in time, (3, 2, 4)."""
    return np.stack(
        [said.mean(axis=(0, 3)), said.max(axis=3).mean(axis=0), said.std(axis=3).mean(axis=0)]
    )


def _views(
    part: SpottingDataset, seed: int, wanted: Sequence[str] = VIEWS
) -> dict[str, torch.Tensor]:
    """Counterfactual motion of all windows, without what belongs to views that nobody wants."""
    motion, video = part.windows.motion, part.windows.video
    generator = np.random.default_rng([seed, len(part.videos)])
    chosen = debias.most_causal_regions(part.marks)
    drawn = controls.random_regions(chosen, generator)[video]
    kept = debias.keep(motion, chosen[video])
    every = {
        NULL: debias.null_motion(motion).expand_as(motion),
        KEEP: kept,
        MASK: debias.mask(motion, chosen[video]),
        "keep random regions": debias.keep(motion, drawn),
        "mask random regions": debias.mask(motion, drawn),
        "keep E_f, other video": kept[controls.from_another_video(video, generator)],
        "noise": controls.noise(motion, generator),
        "blurred": controls.blurred(motion, _BLUR),
    }
    left_out = {name.split()[0] for name in VIEWS if name not in wanted}  # keep, for keep E_f
    return {name: view for name, view in every.items() if name.split()[0] not in left_out}
