"""A trained recogniser: from an expression's three key frames to its emotion."""

from causalex_core.recogniser.videos import recognise

__all__ = ["recognise"]
