"""The network with each graph that is compared, and its training on a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
import torch

from causalex_book.spotting.material import SpottingDataset
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
class Variant:
    """A network, and what its compound matrix is made of.

    Attributes
    ----------
    network
        Shape, and which matrix each graph layer takes.
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
VARIANTS: Mapping[str, Variant] = {
    AUW_GCN: Variant(model.AUW_GCN),
    CAUSAL_EX: Variant(PAPER),
    "as released": Variant(RELEASED),
    NONE: Variant(replace(PAPER, graph=("identity", "identity"))),
    "random graph": Variant(PAPER, compound="random"),
    "prior only": Variant(replace(PAPER, graph=("prior", "prior"))),
    "causal only": Variant(PAPER, compound="causal"),
    "directed edges": Variant(PAPER, policy="directed"),
    "no self loops": Variant(PAPER, self_loops=False),
    "one layer": Variant(replace(PAPER, graph=("compound",))),
    "no pooling": Variant(replace(PAPER, pooling=False)),
}
VariantName = Annotated[str, one_of(VARIANTS)]


@dataclass(frozen=True)
class Setting:
    """How a variant is trained.

    Attributes
    ----------
    epochs, batch, optimiser, normalisation, precision
        See :class:`causalex_core.spotting.training.TrainingConfig`.
    published_prior
        Whether B is the matrix that AUW-GCN ships, which has seen the annotations of the tested
        subject; else that of the training subjects of each fold.
    """

    epochs: int
    batch: int
    optimiser: OptimiserConfig
    normalisation: Literal["auw_gcn", "training"]
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    published_prior: bool = False


PUBLISHED = Setting(100, 128, OptimiserConfig(), "auw_gcn", published_prior=True)
# A smaller batch and a faster fall of the rate take training as far in fewer epochs.
OWN = Setting(12, 32, OptimiserConfig(gamma=0.9), "training")


def graphs(
    part: SpottingDataset,
    variant: Variant,
    folds: Sequence[Fold],
    seed: int,
    setting: Setting = OWN,
) -> Graphs:
    """Matrices of a variant: compound (F, W, 12, 12) or (W, 12, 12), prior (F, 12, 12).

    Raises
    ------
    CausalexError
        If the setting asks for the published prior and it is not at hand.
    """
    causal = np.stack([compound.adjacency(each, variant.policy) for each in part.marks])
    if not setting.published_prior:
        priors = part.priors(folds)
    elif part.published_prior is None:
        raise CausalexError(
            f"{part.name}: the published prior is not at hand; add it with"
            f" `{manifest.card('auw_gcn_priors').command}`"
        )
    else:
        priors = np.repeat(part.published_prior[None], len(folds), axis=0)
    if variant.compound == "random":
        generator = np.random.default_rng([seed, len(causal)])
        causal, flat = _permuted(causal, generator), priors.reshape(len(priors), -1)
        priors = flat[:, generator.permutation(flat.shape[1])].reshape(priors.shape)
    if variant.compound == "causal":
        mixed = normalise_rows(causal)[part.windows.video]
    else:
        mixed = np.stack(
            [
                compound.compound(causal, each, variant.self_loops)[part.windows.video]
                for each in priors
            ]
        )
    return Graphs(torch.from_numpy(mixed), torch.from_numpy(priors))


def training(part: SpottingDataset, variant: Variant, setting: Setting) -> TrainingConfig:
    """What is trained and how."""
    return TrainingConfig(
        network=variant.network,
        loss=part.loss,
        optimiser=setting.optimiser,
        epochs=setting.epochs,
        batch=setting.batch,
        normalisation=setting.normalisation,
        precision=setting.precision,
    )


def trained(
    part: SpottingDataset,
    variant: Variant,
    folds: Sequence[Fold],
    seed: int,
    setting: Setting,
    keep: Sequence[int] | None = None,
) -> tuple[FoldResults, Graphs]:
    """Models of one seed, and their matrices; a later call goes on from what was saved."""
    matrices = graphs(part, variant, folds, seed, setting)
    outcome = train(
        part.windows,
        folds,
        training(part, variant, setting),
        seeds=(seed,),
        graphs=matrices,
        keep=keep,
        folder=paths.data_folder() / "training",
    )
    return outcome, matrices


def _permuted(causal: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """As many edges in every graph, between other nodes."""
    beside = ~np.eye(causal.shape[-1], dtype=bool)
    found = np.zeros_like(causal)
    found[:, beside] = generator.permuted(causal[:, beside], axis=1)
    return found
