"""Graphs over the 12 facial regions."""
