"""Synthetic people whose expressions, causes and biases are known."""
