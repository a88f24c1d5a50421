"""From notebooks and an experiment file to executed pages and the rendered book."""
