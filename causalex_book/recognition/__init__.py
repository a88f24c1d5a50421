"""Pages on recognition, and the studies and baselines behind them."""
