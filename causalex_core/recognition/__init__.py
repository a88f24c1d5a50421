"""From flow between three key frames to the emotion of a micro-expression."""

from causalex_core.recognition.weights import load_checkpoint

__all__ = ["load_checkpoint"]
