"""Pages on the databases, and on the synthetic people."""
