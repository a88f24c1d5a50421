"""The book: what its pages compute, draw and say, and the workflow that runs them."""
