"""A trained spotter: from a video to macro- and micro-expressions in three lines."""

from causalex_core.spotter.videos import spot

__all__ = ["spot"]
