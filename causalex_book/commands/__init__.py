"""Commands that need the book."""
