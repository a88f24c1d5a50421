"""From motion and a graph to scored intervals."""
