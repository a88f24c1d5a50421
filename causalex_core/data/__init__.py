"""Sources: their cards, where their files are, and readers of what is in them."""
