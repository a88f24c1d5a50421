"""Pages on spotting, and the studies and baselines behind them."""
