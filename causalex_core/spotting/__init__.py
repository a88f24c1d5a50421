"""From motion and a graph to scored intervals."""

from causalex_core.spotting.weights import load_checkpoint

__all__ = ["load_checkpoint"]
