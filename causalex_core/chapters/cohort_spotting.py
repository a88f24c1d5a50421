"""Spotting and debiasing on synthetic people, whose graphs and biases are known.

Every variant of the graph in the same network, leave-one-subject-out; what the counterfactuals
of Causal-Ex change, overall and for the people in whom a unit was tied to micro-expressions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from causalex_core import action_units
from causalex_core.cohort import cohort, planted
from causalex_core.cohort.cohort import Cohort
from causalex_core.cohort.people import TIES
from causalex_core.cohort.plans import CAS_LIKE
from causalex_core.debiasing import counterfactual
from causalex_core.debiasing.judging import judge
from causalex_core.evaluation import fairness, frames, selection
from causalex_core.evaluation import operating_points as points
from causalex_core.expressions import KINDS
from causalex_core.graphs import compound, prior
from causalex_core.graphs.fci import fci
from causalex_core.graphs.samples import motion_series
from causalex_core.spotting import candidates, level, losses, proposals, targets
from causalex_core.spotting.network import AUW_GCN, PAPER, RELEASED, NetworkConfig
from causalex_core.spotting.optimiser import OptimiserConfig
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.spotting.side_by_side import Graphs, TrainingConfig
from causalex_core.spotting.training import Outcome, train
from causalex_core.spotting.windows import Video, Windows, gather, leave_one_subject_out

SOURCES = ()
LONG = True
OVERALL = "overall"
NONE, WHOLE = "none", "paper"  # the variants that gains are measured from and debiasing applied to
NETWORKS: Mapping[str, NetworkConfig] = {
    "auw_gcn": AUW_GCN,
    WHOLE: PAPER,
    "released": RELEASED,
    NONE: replace(PAPER, graph=("identity", "identity")),
    "random": PAPER,
    "prior only": replace(PAPER, graph=("prior", "prior")),
    "causal only": PAPER,
}
CROSS, TUNED = "cross_fold", "test_tuned"
SWEEP, CONSTANT = "as many thresholds instead", "a constant instead"
FORMS: tuple[counterfactual.Form, ...] = ("probabilities", "logits")
TABLES = (
    "inputs",
    "scores",
    "epochs",
    "peaks",
    "debiasing",
    "strengths",
    "confidence",
    "bias",
    "alarms",
    "rates",
    "odds",
)

_BLUR = 8.0  # frames
_LEVEL = 0.2  # probability in place of what is said of a counterfactual
_PEAK_SECONDS = {"macro": (0.6, 1.0, 1.5, 2.2), "micro": (0.2, 0.3, 0.4, 0.5)}
_PEAK_HEIGHTS = np.geomspace(1, 30, 30)  # of the median level
_CEILINGS = (4.0, 8.0, 16.0, np.inf)  # a micro-expression moves less than a macro-expression


@dataclass(frozen=True)
class Config:
    """Parameters of the page.

    Attributes
    ----------
    plans
        Cohorts by the database that they are like, and the variants that are trained on each.
    seeds
        Of the models; their F1 are averaged.
    epochs, batch, per_epoch
        Of training; a smaller batch and a faster fall of the rate than AUW-GCN's 128 and 0.96
        take it in fewer epochs as far.
    policy
        Which edges of the graphs count; see `causalex_core.graphs.compound.POLICIES`. Directed
        edges are nearly absent from graphs of one video.
    alpha
        Level of FCI's tests.
    n_thresholds
        Thresholds that are tried on the score of detections, evenly from 0 to 1 in its cube root:
        it is a product of three probabilities. With few of them the counterfactuals gain
        from nothing but finer steps.
    strengths
        lambda of the counterfactuals, for all heads of a kind; 0 must be among them.
    forms
        Of the subtraction.
    most_subjects
        Of each cohort, for a quick look; 0 is everybody.
    n_bootstrap
        Resamples of subjects behind each interval.
    """

    plans: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("cas_like", tuple(NETWORKS)),
        ("samm_like", (NONE, WHOLE, "auw_gcn")),
    )
    seeds: tuple[int, ...] = (1, 2, 3)
    epochs: int = 12
    batch: int = 32
    per_epoch: float = 0.9
    policy: str = "any_edge"
    alpha: float = 0.01
    n_thresholds: int = 41
    strengths: tuple[float, ...] = (-0.5, 0.0, 0.25, 0.5, 1.0)
    forms: tuple[counterfactual.Form, ...] = FORMS
    most_subjects: int = 0
    n_bootstrap: int = 2000


class System(NamedTuple):
    """What made detections: a variant, and what was taken from its scores."""

    variant: str
    counterfactual: str = NONE
    form: str = FORMS[0]


@dataclass(frozen=True)
class Material:
    """One cohort, what is measured of it, and settings."""

    drawn: Cohort
    videos: tuple[Video, ...]
    windows: Windows
    truth: pd.DataFrame
    marks: tuple[np.ndarray, ...]
    proposals: ProposalConfig
    config: Config

    @property
    def name(self) -> str:
        """Database that the cohort is like."""
        return self.drawn.plan.database

    @cached_property
    def subjects(self) -> list[str]:
        """Everybody, in the order of the folds."""
        return list(dict.fromkeys(self.windows.subjects))

    @cached_property
    def priors(self) -> np.ndarray:
        """(S, 12, 12) prior of each fold, from the annotations of the other subjects."""
        counts = [
            prior.prior_counts(map(action_units.exact_numbers, rows["action_units"]), prior.FACS)
            for rows in (self.truth[self.truth["subject"] == name] for name in self.subjects)
        ]
        return prior.held_out(np.stack(counts))

    @cached_property
    def causal(self) -> np.ndarray:
        """(V, 12, 12) A of each video."""
        return np.stack([compound.adjacency(each, self.config.policy) for each in self.marks])

    @property
    def minutes(self) -> float:
        """Length of all videos."""
        return sum(self.windows.lengths) / self.drawn.plan.fps / 60


def compute(config: Config) -> dict[str, pd.DataFrame]:
    """Tables as `TABLES` names them."""
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    for plan, variants in config.plans:
        part = material(plan, config)
        rows["inputs"].append(_inputs(part))
        counted: dict[str, np.ndarray] = {}  # variant: (seeds, S, 2, epochs, thresholds, 3)
        found: dict[System, list[pd.DataFrame]] = {}
        for variant in variants:
            debiasing, by_seed = _Debiasing(part), []
            for seed in config.seeds:
                matrices = graphs(part, variant, seed)
                outcome = _trained(part, variant, matrices, seed)
                scores = candidates.held_out(outcome, part.windows, seed)
                hits, detections = _hits(part, list(scores))
                by_seed.append(hits)
                kept = _at_choice(part, detections[-1:], hits[:, :, -1:])
                found.setdefault(System(variant), []).append(kept)
                if variant == WHOLE:
                    debiasing.add(outcome, matrices, scores[-1].astype(np.float32), seed)
            counted[variant] = np.stack(by_seed)
            for name, table in debiasing.tables().items():
                rows[name] += table
            found |= debiasing.found
        peaks = _peaks(part)
        rows["peaks"] += list(_peaks_rows(part, peaks))
        rows["scores"] += list(_scores(part, counted, peaks))
        rows["epochs"] += list(_epochs(part, counted))
        rows["bias"] += list(_bias(part, found))
        rows["alarms"] += list(_alarms(part, found))
        judged = {name: each for name, each in found.items() if name.form == FORMS[0]}
        for row, counts in _cells(part, judged):
            tpr, fpr = frames.rates(counts)
            rows["rates"].append({**row, "tpr": tpr, "fpr": fpr})
            rows["odds"] += [{**row, **gap} for gap in _odds(part, counts)]
    return {name: pd.DataFrame(table) for name, table in rows.items()}


def material(plan: str, config: Config) -> Material:
    """Draw a cohort, measure its motion, and search the graph of every video."""
    drawn = cohort.draw(cohort.Config(plan=plan))
    people = [who.subject for who in drawn.people][: config.most_subjects or None]
    videos, marks = [], []
    for number, video in enumerate(drawn.videos):
        if video.person.subject in people:
            motion = drawn.measured(number)
            videos.append(Video(video.person.subject, video.name, motion.motion))
            series = motion_series(motion.motion, motion.measured)
            marks.append(fci(series, config.alpha).marks)
    truth = drawn.expressions[drawn.expressions["subject"].isin(people)].reset_index(drop=True)
    rules = proposals.CAS if drawn.plan is CAS_LIKE else proposals.SAMM
    return Material(
        drawn,
        tuple(videos),
        gather(videos, truth),
        truth,
        tuple(marks),
        candidates.tried(rules),
        config,
    )


def graphs(part: Material, variant: str, seed: int) -> Graphs:
    """Matrices of a variant; the random ones are drawn anew for every seed."""
    causal, priors = part.causal, part.priors
    if variant == "random":
        generator = np.random.default_rng([seed, len(causal)])
        causal, priors = _permuted(causal, generator), priors.reshape(len(priors), -1)
        priors = priors[:, generator.permutation(priors.shape[1])].reshape(part.priors.shape)
    if variant == "causal only":
        both = prior.normalise_rows(causal)[part.windows.video]
    else:
        per_fold = [compound.compound(causal, each)[part.windows.video] for each in priors]
        both = np.stack(per_fold)
    return Graphs(torch.from_numpy(both), torch.from_numpy(priors))


def _permuted(causal: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """As many edges in every graph, between other nodes."""
    beside = ~np.eye(causal.shape[-1], dtype=bool)
    found = np.zeros_like(causal)
    found[:, beside] = generator.permuted(causal[:, beside], axis=1)
    return found


def _inputs(part: Material) -> dict[str, object]:
    people = part.drawn.attributes.set_index("subject").loc[part.subjects]
    return {
        "cohort": part.name,
        "subjects": len(part.subjects),
        "tied": int((people["tie"] == "tied").sum()),
        "videos": len(part.videos),
        "minutes": part.minutes,
        "macro": int((part.truth["kind"] == "macro").sum()),
        "micro": int((part.truth["kind"] == "micro").sum()),
        "training_windows": int(part.windows.with_expression.sum()),
        **{
            f"{policy}_edges": float(
                np.mean([compound.adjacency(each, policy).sum() for each in part.marks])
            )
            for policy in compound.POLICIES
        },
        "without_most_causal": float(
            (~counterfactual.most_causal_regions(part.marks).any(axis=1)).mean()
        ),
        "fingerprint": part.drawn.fingerprint,
    }


def _training(part: Material, variant: str) -> TrainingConfig:
    config = part.config
    return TrainingConfig(
        network=NETWORKS[variant],
        loss=losses.CAS if part.drawn.plan is CAS_LIKE else losses.SAMM,
        optimiser=OptimiserConfig(per_epoch=config.per_epoch),
        epochs=config.epochs,
        batch=config.batch,
        precision="bfloat16",
    )


def _trained(part: Material, variant: str, matrices: Graphs, seed: int) -> Outcome:
    """Models of all folds."""
    return train(
        part.windows,
        leave_one_subject_out(part.windows),
        _training(part, variant),
        seeds=(seed,),
        graphs=matrices,
    )


def _hits(
    part: Material, scores: Sequence[np.ndarray], finer: int = 1
) -> tuple[np.ndarray, list[pd.DataFrame]]:
    """Hits (S, 2, scores, thresholds, 3), and the detections behind them."""
    found = [
        proposals.detect(one.astype(np.float32), part.windows, part.proposals) for one in scores
    ]
    thresholds = candidates.thresholds(part.config.n_thresholds * finer)
    return candidates.counts(found, part.truth, part.subjects, thresholds), found


def _at_choice(
    part: Material, detections: Sequence[pd.DataFrame], hits: np.ndarray
) -> pd.DataFrame:
    """Detections of each subject at the candidate that is best on the others."""
    thresholds, kept = candidates.thresholds(part.config.n_thresholds), []
    for place, kind in enumerate(KINDS):
        choice = selection.cross_fold(points.flat(hits[:, place]))
        tables, steps = np.unravel_index(choice, hits.shape[2:4])
        for subject, table, step in zip(part.subjects, tables, steps, strict=True):
            rows = detections[table]
            own = (rows["subject"] == subject) & (rows["kind"] == kind)
            kept.append(rows[own & (rows["score"] >= thresholds[kind][step])])
    return pd.concat(kept, ignore_index=True)


def _named(found: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Counts (seeds, S, 3) of macro, micro and both, from (seeds, 2, S, 3)."""
    yield from zip((*KINDS, OVERALL), [found[:, 0], found[:, 1], found.sum(axis=1)], strict=True)


def _scores(
    part: Material, counted: Mapping[str, np.ndarray], peaks: np.ndarray
) -> Iterator[dict[str, object]]:
    """F1 of every variant under every rule; every kind chooses for itself."""
    n_bootstrap = part.config.n_bootstrap
    reported = {variant: _reported(hits) for variant, hits in counted.items()}
    for variant, rules in reported.items():
        for rule, found in rules.items():
            beside = {
                "gain": reported.get(NONE, rules)[rule],
                "over_last": rules[points.LAST],
                "over_peaks": peaks.repeat(len(found), axis=0),
            }
            for kind, own in _named(found):
                row: dict[str, object] = {
                    "cohort": part.name,
                    "variant": variant,
                    "rule": rule,
                    "kind": kind,
                    **points.summary(own, n_bootstrap),
                }
                for column, other in beside.items():
                    difference = points.gain(own, dict(_named(other))[kind], n_bootstrap)
                    row |= {name.replace("gain", column): x for name, x in difference.items()}
                yield row


def _reported(counted: np.ndarray) -> dict[str, np.ndarray]:
    """Counts (seeds, 2, S, 3) under each rule."""
    found = [[points.by_rule(hits[:, kind]) for kind in range(len(KINDS))] for hits in counted]
    return {rule: np.array([[one[rule] for one in both] for both in found]) for rule in found[0][0]}


def _epochs(part: Material, counted: Mapping[str, np.ndarray]) -> Iterator[dict[str, object]]:
    """F1 after every epoch, its threshold chosen on the other subjects."""
    for variant, of_seeds in counted.items():
        for place, kind in enumerate(KINDS):
            for epoch in range(of_seeds.shape[3]):
                found = np.stack(
                    [points.best_elsewhere(hits[:, place, epoch]) for hits in of_seeds]
                )
                row = points.summary(found, 1)
                yield {
                    "cohort": part.name,
                    "variant": variant,
                    "kind": kind,
                    "epoch": epoch + 1,
                    "f1": row["f1"],
                    "low": row["least_seed"],
                    "high": row["greatest_seed"],
                }


def _peaks(part: Material) -> np.ndarray:
    """Counts (1, 2, S, 3) of peaks of motion.

    Length, least height and, for micro-expressions, greatest height are chosen on the other
    subjects.
    """
    tables = []
    for seconds in zip(*(_PEAK_SECONDS[kind] for kind in KINDS), strict=True):
        macro, micro = (
            level.peaks(part.videos, max(round(length * part.drawn.plan.fps), 3), kind)
            for length, kind in zip(seconds, KINDS, strict=True)
        )
        tables += [pd.concat([macro, micro[micro["score"] <= ceiling]]) for ceiling in _CEILINGS]
    heights = dict.fromkeys(KINDS, _PEAK_HEIGHTS)
    hits = candidates.counts(tables, part.truth, part.subjects, heights)
    return _chosen(hits, CROSS)[None]


def _peaks_rows(part: Material, peaks: np.ndarray) -> Iterator[dict[str, object]]:
    for kind, own in _named(peaks):
        row = points.summary(own, part.config.n_bootstrap)
        names = ("tp", "n_pred", "n_truth", "f1", "low", "high")
        yield {"cohort": part.name, "kind": kind, **{name: row[name] for name in names}}


class _Debiasing:
    """What counterfactuals make of the models after the last epoch, seed by seed."""

    def __init__(self, part: Material) -> None:
        self.part = part
        self.found: dict[System, list[pd.DataFrame]] = {}
        self._counts: dict[tuple[str, str, str], list[np.ndarray]] = {}
        self._plain: list[np.ndarray] = []
        self._strengths: dict[tuple[str, str, str], list[np.ndarray]] = {}
        self._apex: dict[str, list[np.ndarray]] = {}

    def add(self, outcome: Outcome, matrices: Graphs, factual: np.ndarray, seed: int) -> None:
        """Judge the counterfactuals with the models of one seed, and count."""
        part, config = self.part, self.part.config
        self._plain.append(_chosen(_hits(part, [factual])[0], CROSS))
        self._count(SWEEP, "", _hits(part, [factual], len(config.strengths))[0])
        self._say("factual", factual)
        others = judge(outcome, _training(part, WHOLE), matrices, _views(part, seed))
        for name, other in others.items():
            self._say(name, other)
        for name, other in {CONSTANT: np.full_like(factual, _LEVEL), **others}.items():
            for form in config.forms:
                scores = [
                    counterfactual.debiased(factual, other, strength, form)
                    for strength in config.strengths
                ]
                hits, detections = _hits(part, scores)
                self._count(name, form, hits)
                system = System(WHOLE, name, form)
                self.found.setdefault(system, []).append(_at_choice(part, detections, hits))
                for place, kind in enumerate(KINDS):
                    choice = selection.cross_fold(points.flat(hits[:, place]))
                    chosen = np.array(config.strengths)[choice // config.n_thresholds]
                    self._strengths.setdefault((name, form, kind), []).append(chosen)

    def tables(self) -> dict[str, list[dict[str, object]]]:
        """Rows of ``debiasing``, ``strengths`` and ``confidence``."""
        return {
            "debiasing": list(self._gains()),
            "strengths": list(self._chosen_strengths()),
            "confidence": list(self._confidence()),
        }

    def _gains(self) -> Iterator[dict[str, object]]:
        """F1 with each, and what is gained over none with a threshold from the other subjects."""
        n_bootstrap = self.part.config.n_bootstrap
        for (name, form, choice), found in self._counts.items():
            plain = dict(_named(np.stack(self._plain)))
            for kind, own in _named(np.stack(found)):
                yield {
                    "cohort": self.part.name,
                    "counterfactual": name,
                    "form": form,
                    "chosen": choice,
                    "kind": kind,
                    **points.summary(own, n_bootstrap),
                    **points.gain(own, plain[kind], n_bootstrap),
                }

    def _chosen_strengths(self) -> Iterator[dict[str, object]]:
        """How often each strength was best on the other subjects, over seeds and subjects."""
        for (name, form, kind), chosen in self._strengths.items():
            for strength in self.part.config.strengths:
                yield {
                    "cohort": self.part.name,
                    "counterfactual": name,
                    "form": form,
                    "kind": kind,
                    "strength": strength,
                    "share": float(np.mean(np.stack(chosen) == strength)),
                }

    def _confidence(self) -> Iterator[dict[str, object]]:
        """How sure the models are of an apex: mean over frames, and over each window's highest."""
        for name, apex in self._apex.items():
            mean, highest = np.mean(apex, axis=0)
            for place, kind in enumerate(targets.KINDS):
                yield {
                    "cohort": self.part.name,
                    "motion": name,
                    "kind": kind,
                    "mean_apex": float(mean[place]),
                    "highest_apex": float(highest[place]),
                }

    def _say(self, name: str, scores: np.ndarray) -> None:
        apex = scores[:, :, 2]
        summary = np.stack([apex.mean(axis=(0, 2)), apex.max(axis=2).mean(axis=0)])
        self._apex.setdefault(name, []).append(summary)

    def _count(self, name: str, form: str, hits: np.ndarray) -> None:
        for choice in (CROSS, TUNED):
            self._counts.setdefault((name, form, choice), []).append(_chosen(hits, choice))


def _chosen(hits: np.ndarray, choice: str) -> np.ndarray:
    """Counts (2, S, 3) at the candidates chosen on the other subjects, or on the test subjects."""
    choose = points.best_elsewhere if choice == CROSS else points.best_here
    return np.stack([choose(hits[:, kind]) for kind in range(len(KINDS))])


def _views(part: Material, seed: int) -> dict[str, torch.Tensor]:
    """Counterfactual motion of all windows."""
    motion, video = part.windows.motion, part.windows.video
    generator = np.random.default_rng([seed, len(part.videos)])
    chosen = counterfactual.most_causal_regions(part.marks)
    drawn = counterfactual.random_regions(chosen, generator)[video]
    kept = counterfactual.keep(motion, chosen[video])
    return {
        "null frames": counterfactual.null_motion(motion).expand_as(motion),
        "keep E_f": kept,
        "mask E_f": counterfactual.mask(motion, chosen[video]),
        "keep random regions": counterfactual.keep(motion, drawn),
        "mask random regions": counterfactual.mask(motion, drawn),
        "keep E_f, other video": kept[counterfactual.from_another_video(video, generator)],
        "noise": counterfactual.noise(motion, generator),
        "blurred": counterfactual.blurred(motion, _BLUR),
    }


def _bias(
    part: Material, found: Mapping[System, Sequence[pd.DataFrame]]
) -> Iterator[dict[str, object]]:
    """Small expressions, and small movements that are none, with the tied unit and without."""
    fidgets = planted.fidgets(part.drawn)
    for system, tables in found.items():
        for event, events in (("expression", part.truth), ("fidget", fidgets)):
            for row in planted.detected(events, tables, _groups(part)):
                yield {"cohort": part.name, **system._asdict(), "event": event, **row}


def _alarms(
    part: Material, found: Mapping[System, Sequence[pd.DataFrame]]
) -> Iterator[dict[str, object]]:
    """Micro-expressions that are none, and minutes in which they are found."""
    frames_of = pd.Series(part.windows.lengths).groupby(list(part.windows.subjects)).sum()
    for system, tables in found.items():
        alarms = planted.false_alarms(part.truth, tables, _groups(part))
        for group, own in _groups(part).items():
            yield {
                "cohort": part.name,
                **system._asdict(),
                "people": group,
                "false_alarms": alarms[group],
                "minutes": float(frames_of[own].sum()) / part.drawn.plan.fps / 60,
            }


def _groups(part: Material) -> dict[str, list[str]]:
    """Tied and free people who take part."""
    return {
        group: [name for name in own if name in part.subjects]
        for group, own in planted.people(part.drawn).items()
    }


def _cells(
    part: Material, found: Mapping[System, Sequence[pd.DataFrame]]
) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """Frames by subject, truth and prediction, of all seeds together."""
    lengths = dict(zip(part.windows.names, part.windows.lengths, strict=True))
    place = {name: number for number, name in enumerate(part.subjects)}
    owner = np.repeat([place[name] for name in part.windows.subjects], part.windows.lengths)
    for system, tables in found.items():
        for kind in KINDS:
            truth, *predicted = (
                frames.covered(table[table["kind"] == kind], lengths)
                for table in (part.truth, *tables)
            )
            row: dict[str, object] = {"cohort": part.name, **system._asdict(), "kind": kind}
            times = len(predicted)
            yield (
                row,
                frames.cells(
                    np.tile(owner, times), np.tile(truth, times), np.concatenate(predicted)
                ),
            )


def _odds(part: Material, counted: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Equalized odds difference between halves of the people, by frames."""
    people = part.drawn.attributes.set_index("subject").loc[part.subjects]
    halves = {
        "tone": people["tone"] > 0.5,
        "shape": people["shape"] > 0.5,
        "tie": people["tie"] == TIES[0],
    }
    for attribute, half in halves.items():
        subject = counted["subject"].to_numpy()
        gap = fairness.equalized_odds_gap(
            counted["truth"].to_numpy(),
            counted["predicted"].to_numpy(),
            half.to_numpy()[subject],
            subject,
            part.config.n_bootstrap,
            seed=1,
            frames=counted["frames"].to_numpy(),
        )
        yield {"attribute": attribute, "gap": gap.estimate, "low": gap.low, "high": gap.high}
