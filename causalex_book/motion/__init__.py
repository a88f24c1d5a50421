"""The page on preprocessing."""
