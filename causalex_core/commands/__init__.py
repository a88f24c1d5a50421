"""One module per sub-command of ``causalex``."""
