"""Pages on the prior and the causal graphs, and the studies behind them."""
