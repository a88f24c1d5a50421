"""What the papers claim, and what of it holds."""
