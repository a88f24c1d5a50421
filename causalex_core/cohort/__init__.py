"""Synthetic people: faces, what moves them and why, all of it known."""
