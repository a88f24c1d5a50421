"""From motion and a graph to scored intervals: the paper Causal-Ex."""
