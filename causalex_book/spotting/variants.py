"""The network with each graph that is compared, and its training on a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
import torch

from causalex_book.spotting.dataset import SpottingDataset
from causalex_core import paths
from causalex_core.config import one_of
from causalex_core.data import manifest
from causalex_core.errors import CausalexError
from causalex_core.graphs import compound
from causalex_core.graphs.prior import normalise_rows
from causalex_core.spotting import model
from causalex_core.spotting.model import PAPER, RELEASED, NetworkConfig
from causalex_core.spotting.training import (
    FoldResults,
    Graphs,
    OptimiserConfig,
    TrainingConfig,
    train,
)
from causalex_core.training import Fold


@dataclass(frozen=True)
class GraphVariant:
    """A network, and what its compound matrix is made of.

    Attributes
    ----------
    compound
        ``both``: A + B. ``causal``: A alone. ``random``: as both, with as many edges in A and the
        same weights in B between other regions, drawn anew for every seed.
    policy
        Which edges of the graphs enter A; see `causalex_core.graphs.compound.POLICIES`.
    self_loops
        Whether the diagonal of B stays.
    """

    network: NetworkConfig
    compound: Literal["both", "causal", "random"] = "both"
    policy: str = "any_edge"
    self_loops: bool = True


NONE, CAUSAL_EX, AUW_GCN = "no graph", "Causal-Ex", "AUW-GCN"
VARIANTS: Mapping[str, GraphVariant] = {
    AUW_GCN: GraphVariant(model.AUW_GCN),
    CAUSAL_EX: GraphVariant(PAPER),
    "as released": GraphVariant(RELEASED),
    NONE: GraphVariant(replace(PAPER, graph=("identity", "identity"))),
    "random graph": GraphVariant(PAPER, compound="random"),
    "prior only": GraphVariant(replace(PAPER, graph=("prior", "prior"))),
    "causal only": GraphVariant(PAPER, compound="causal"),
    "directed edges": GraphVariant(PAPER, policy="directed"),
    "no self loops": GraphVariant(PAPER, self_loops=False),
    "one layer": GraphVariant(replace(PAPER, graph=("compound",))),
    "no pooling": GraphVariant(replace(PAPER, pooling=False)),
}
VariantName = Annotated[str, one_of(VARIANTS)]


@dataclass(frozen=True)
class Setting:
    """How a variant is trained, see :class:`causalex_core.spotting.training.TrainingConfig`.

    With `published_prior`, B is the matrix that AUW-GCN ships, from annotations that include those
    of the test subject; else it is that of the training subjects of each fold.
    """

    epochs: int
    batch: int
    optimiser: OptimiserConfig
    normalisation: Literal["auw_gcn", "training"]
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    published_prior: bool = False


PUBLISHED = Setting(100, 128, OptimiserConfig(), "auw_gcn", published_prior=True)
# A smaller batch and a faster fall of the rate take training as far in fewer epochs.
FEW_EPOCHS = Setting(12, 32, OptimiserConfig(gamma=0.9), "training")


def graphs(
    data: SpottingDataset,
    variant: GraphVariant,
    folds: Sequence[Fold],
    seed: int,
    setting: Setting = FEW_EPOCHS,
) -> Graphs:
    """Matrices of a variant: compound (F, W, 12, 12) or (W, 12, 12), prior (F, 12, 12).

    Raises
    ------
    CausalexError
        If the setting asks for the published prior and it is not at hand.
    """
    causal = np.stack([compound.adjacency(marks, variant.policy) for marks in data.marks])
    if not setting.published_prior:
        priors = data.priors(folds)
    elif data.published_prior is None:
        raise CausalexError(
            f"{data.name}: the published prior is not at hand; add it with"
            f" `{manifest.card('auw_gcn_priors').command}`"
        )
    else:
        priors = np.repeat(data.published_prior[None], len(folds), axis=0)
    if variant.compound == "random":
        generator = np.random.default_rng([seed, len(causal)])
        causal, flat = _permuted(causal, generator), priors.reshape(len(priors), -1)
        priors = flat[:, generator.permutation(flat.shape[1])].reshape(priors.shape)
    if variant.compound == "causal":
        mixed = normalise_rows(causal)[data.windows.video]
    else:
        mixed = np.stack(
            [
                compound.compound(causal, prior, variant.self_loops)[data.windows.video]
                for prior in priors
            ]
        )
    return Graphs(torch.from_numpy(mixed), torch.from_numpy(priors))


def training(data: SpottingDataset, variant: GraphVariant, setting: Setting) -> TrainingConfig:
    """Network and training of a variant on a database."""
    return TrainingConfig(
        network=variant.network,
        loss=data.loss,
        optimiser=setting.optimiser,
        epochs=setting.epochs,
        batch=setting.batch,
        normalisation=setting.normalisation,
        precision=setting.precision,
    )


def trained(
    data: SpottingDataset,
    variant: GraphVariant,
    folds: Sequence[Fold],
    seed: int,
    setting: Setting,
    keep: Sequence[int] | None = None,
) -> tuple[FoldResults, Graphs]:
    """Models of one seed, and their matrices; a later call goes on from what was saved."""
    matrices = graphs(data, variant, folds, seed, setting)
    config, folder = training(data, variant, setting), paths.data_folder() / "training"
    results = train(
        data.windows, folds, config, seeds=(seed,), graphs=matrices, keep=keep, folder=folder
    )
    return results, matrices


def cost(seconds: Sequence[np.ndarray]) -> dict[str, float]:
    """CPU time of training, from that of each fold (F,) for each seed."""
    return {
        "folds": len(seconds[0]),
        "seeds": len(seconds),
        "cpu_seconds_per_fold": float(np.mean(seconds)),
        "cpu_minutes": float(np.sum(seconds)) / 60,
    }


def _permuted(causal: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """As many edges in every graph, between other nodes."""
    off_diagonal = ~np.eye(causal.shape[-1], dtype=bool)
    permuted = np.zeros_like(causal)
    permuted[:, off_diagonal] = generator.permuted(causal[:, off_diagonal], axis=1)
    return permuted
