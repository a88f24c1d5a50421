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
from causalex_core.spotting import checkpoints, graph
from causalex_core.spotting.candidates import counts
from causalex_core.spotting.checkpoints import Settings, Spotter
from causalex_core.spotting.data import Normalisation, Video, Windows, gather, hold_out
from causalex_core.spotting.graph import GraphConfig
from causalex_core.spotting.model import PAPER
from causalex_core.spotting.proposals import ProposalConfig, ProposalRule, detect
from causalex_core.spotting.training import Graphs, TrainingConfig, train
from causalex_core.training import Fold
from causalex_synthetic import dataset
from causalex_synthetic.dataset import SyntheticDataset

# AUW-GCN's reaches and lengths, with all but the least apexes tried and no limit of intervals per
# video: what is kept is decided by the score. Intervals of one kind hardly overlap, as readers of
# a table expect; F1 is the same with AUW-GCN's 0.5.
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
        Synthetic people that it is trained on.
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
    """Train the model, and measure it on people whom it has not seen.

    Returns
    -------
    tuple
        The spotter, trained on everybody; and what its card tells: where it comes from, and tp,
        detections and truths of each kind on held-out groups, every group under the least scores
        that are best for the other groups.
    """
    config = config or Config()
    people = dataset.draw(config.people)
    recordings = [people.measured(number) for number in range(len(people.videos))]
    windows = gather(
        [Video(one.subject, one.video, one.motion) for one in recordings], people.expressions
    )
    found = [graph.of_video(one, config.graph) for one in tqdm(recordings, desc="graphs")]
    causal = np.stack([adjacency(one.marks, config.graph.policy) for one in found])
    folds = _folds(windows, config.groups)
    priors = np.stack([_prior(people, fold, windows) for fold in folds])
    matrices = np.stack([compound(causal, one)[windows.video] for one in priors])
    outcome = train(
        windows,
        folds,
        config.training,
        seeds=[config.seed],
        graphs=Graphs(compound=torch.from_numpy(matrices)),
        keep=[config.training.epochs - 1],
    )
    *groups, _ = outcome.predictions
    scores = np.empty((len(windows.video), *groups[0].shape[2:]), np.float32)
    for fold, said in zip(folds, groups, strict=False):
        scores[fold.held_out] = said[0]
    least, measured = _least_scores(scores, windows, people.expressions, folds[:-1])
    network = outcome.model(len(folds) - 1, config.training.network)
    network.prior = torch.from_numpy(priors[-1])
    settings = Settings(
        fps=people.spec.fps,
        extraction=Extraction().to_json(),
        normalisation=Normalisation(
            outcome.normalisation.mean[-1], outcome.normalisation.deviation[-1]
        ),
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
    parts = [people[start::groups] for start in range(groups)]
    apart = [
        hold_out(windows, part, name=f"group {number}", all_windows=True)
        for number, part in enumerate(parts, start=1)
    ]
    # Something has to be judged; nobody reads it.
    everybody = Fold("everybody", np.arange(len(windows.video)), np.arange(1))
    return [*apart, everybody]


def _prior(people: SyntheticDataset, fold: Fold, windows: Windows) -> np.ndarray:
    """Prior graph B from the annotations of those who train."""
    table = people.expressions
    own = table[table["subject"].isin(windows.subject[fold.train])]
    units = [action_units.parse(text).numbers for text in own["action_units"]]
    return prior.normalise_rows(prior.prior_counts(units, prior.FACS))


def _least_scores(
    scores: np.ndarray, windows: Windows, truth: pd.DataFrame, folds: Sequence[Fold]
) -> tuple[dict[str, float], dict[str, dict[str, int]]]:
    """Least score of each kind, best for all groups; and hits where others chose it."""
    subjects = list(dict.fromkeys(windows.subjects))
    table = detect(scores, windows, _RULES)
    hits = counts([table], truth, subjects, dict.fromkeys(KINDS, _SCORES))[:, :, 0]
    of_group = [np.isin(subjects, windows.subject[fold.held_out]) for fold in folds]
    by_group = np.stack([hits[ensemble].sum(axis=0) for ensemble in of_group])
    least, measured = {}, {}
    for place, kind in enumerate(KINDS):
        candidates = by_group[:, place]
        least[kind] = float(_SCORES[selection.oracle_pooled(candidates)[0]])
        found = selection.chosen(candidates, selection.cross_fold(candidates)).sum(axis=0)
        measured[kind] = dict(zip(COUNTS, found.tolist(), strict=True))
    return least, measured


def main() -> None:
    """Train, and write the weights and their card."""
    spotter, about = train_shipped()
    checkpoints.save(spotter, checkpoints.SHIPPED, about)
    paths.atomic_write(checkpoints.SHIPPED.with_name("CARD.md"), card.text(spotter, about))


if __name__ == "__main__":
    main()
