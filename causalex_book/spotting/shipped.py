"""Training of the spotter that ships: ``python -m causalex_book.spotting.shipped``.

It is trained on the synthetic people alone, so that it can be given to anybody.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from causalex_book.spotting import card
from causalex_core import action_units, paths
from causalex_core.evaluation import selection
from causalex_core.evaluation.spotting import COUNTS
from causalex_core.expressions import KINDS
from causalex_core.graphs import prior
from causalex_core.graphs.compound import adjacency, compound
from causalex_core.motion.extract import Config as Extraction
from causalex_core.spotting import candidates, checkpoints, graph
from causalex_core.spotting.checkpoints import Settings, Spotter
from causalex_core.spotting.data import Normalisation, Video, Windows, gather, hold_out
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.model import PAPER
from causalex_core.spotting.proposals import ProposalConfig, ProposalRule, detect
from causalex_core.spotting.training import Graphs, TrainingConfig, train
from causalex_core.training import Fold, by_sample
from causalex_synthetic import dataset
from causalex_synthetic.dataset import Cohort

# AUW-GCN's search windows and lengths, with all but the lowest apexes tried and no limit of
# intervals per video: the score decides what is kept. Intervals of one kind hardly overlap, as
# readers of a table expect; F1 is the same with AUW-GCN's 0.5.
_RULES = ProposalConfig(
    micro=ProposalRule(0.05, (2, 7), (5, 30), 10_000),
    macro=ProposalRule(0.05, (7, 29), (15, 88), 10_000),
    overlap=0.1,
)
_SCORES = np.round(np.arange(0.01, 0.6, 0.01), 2)


@dataclass(frozen=True)
class Config:
    """What the shipped model is made of.

    Attributes
    ----------
    people
        Cohort that it is trained on.
    graph
        How the graph of each video is found and read.
    training
        Network, losses and optimiser; the network is that of the text of Causal-Ex.
    groups
        Groups of people that are held out in turn to choose the least scores.
    seed
        Of the weights and of the order of the windows.
    """

    people: dataset.Config = field(default_factory=dataset.Config)
    graph: GraphConfig = field(default_factory=GraphConfig)
    training: TrainingConfig = field(
        default_factory=lambda: TrainingConfig(network=PAPER, epochs=30, precision="bfloat16")
    )
    groups: int = 4
    seed: int = 1


def train_shipped(config: Config | None = None) -> tuple[Spotter, dict[str, Any]]:
    """Train the model on everybody; and notes for its card: its origin and its scores.

    These are tp, detections and truths of each kind on held-out groups of people, every group under
    the minimum scores that are best for the other groups.
    """
    config = config or Config()
    people = dataset.draw(config.people)
    recordings = [people.measured(index) for index in range(len(people.videos))]
    videos = [Video(record.subject, record.video, record.motion) for record in recordings]
    windows = gather(videos, people.expressions)
    graphs = [graph.of_video(record, config.graph) for record in tqdm(recordings, desc="graphs")]
    causal = np.stack([adjacency(pag.marks, config.graph.policy) for pag in graphs])
    folds = _folds(windows, config.groups)
    priors = np.stack([_prior(people, fold, windows) for fold in folds])
    matrices = np.stack([compound(causal, matrix)[windows.video] for matrix in priors])
    results = train(
        windows,
        folds,
        config.training,
        seeds=[config.seed],
        graphs=Graphs(compound=torch.from_numpy(matrices)),
        keep=[config.training.epochs - 1],
    )
    scores = by_sample(
        results.runs[:-1], [of_fold[0] for of_fold in results.predictions[:-1]], len(windows.video)
    )
    least, measured = _least_scores(
        scores.astype(np.float32), windows, people.expressions, folds[:-1]
    )
    network = results.model(len(folds) - 1, config.training.network)
    network.prior = torch.from_numpy(priors[-1])
    normalisation = Normalisation(
        results.normalisation.mean[-1], results.normalisation.deviation[-1]
    )
    settings = Settings(
        fps=people.plan.fps,
        extraction=Extraction().to_json(),
        normalisation=normalisation,
        graph=config.graph,
        rules=_RULES,
        min_score=least,
    )
    about = {
        "cohort": {
            "version": dataset.VERSION,
            "fingerprint": people.fingerprint,
            "subjects": len(people.people),
            "videos": len(people.videos),
        },
        "training": asdict(config),
        "measured": measured,
    }
    return Spotter(network, settings), about


def _folds(windows: Windows, groups: int) -> list[Fold]:
    """A fold per group of people, and one that everybody trains."""
    people = list(dict.fromkeys(windows.subjects))
    held_out = [
        hold_out(windows, people[start::groups], name=f"group {start + 1}", all_windows=True)
        for start in range(groups)
    ]
    # A fold must hold out something; these scores are not used.
    everybody = Fold("everybody", np.arange(len(windows.video)), np.arange(1))
    return [*held_out, everybody]


def _prior(people: Cohort, fold: Fold, windows: Windows) -> np.ndarray:
    """Prior graph B from the annotations of those who train."""
    table = people.expressions
    training = table["subject"].isin(windows.subject[fold.train])
    units = [action_units.parse(text).numbers for text in table.loc[training, "action_units"]]
    return prior.normalise_rows(prior.prior_counts(units, prior.FACS))


def _least_scores(
    scores: np.ndarray, windows: Windows, truth: pd.DataFrame, folds: Sequence[Fold]
) -> tuple[dict[str, float], dict[str, dict[str, int]]]:
    """Minimum score of each kind, best for all groups; and counts where other groups chose it."""
    subjects = list(dict.fromkeys(windows.subjects))
    thresholds = dict.fromkeys(KINDS, _SCORES)
    detections = detect(scores, windows, _RULES)
    counts = candidates.counts([detections], truth, subjects, thresholds)[:, :, 0]
    groups = [np.isin(subjects, windows.subject[fold.held_out]) for fold in folds]
    by_group = np.stack([counts[group].sum(axis=0) for group in groups])
    least, measured = {}, {}
    for index, kind in enumerate(KINDS):
        of_kind = by_group[:, index]
        least[kind] = float(_SCORES[selection.oracle_pooled(of_kind)[0]])
        chosen = selection.chosen(of_kind, selection.cross_fold(of_kind)).sum(axis=0)
        measured[kind] = dict(zip(COUNTS, chosen.tolist(), strict=True))
    return least, measured


def main() -> None:
    """Train, and write the weights and their card."""
    spotter, about = train_shipped()
    checkpoints.save(spotter, checkpoints.SHIPPED, about)
    paths.atomic_write(checkpoints.SHIPPED.with_name("CARD.md"), card.text(spotter, about))


if __name__ == "__main__":
    main()
