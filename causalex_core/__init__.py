"""Reference companion of Causal-Ex (expression spotting) and CausalNet (recognition)."""
