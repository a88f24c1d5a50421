"""Causal graphs with latent common causes: FCI, its tests, and the matrices made of them."""

from causalex_core.graphs.search import fci, fci_from_independence, fci_windows

__all__ = ["fci", "fci_from_independence", "fci_windows"]
