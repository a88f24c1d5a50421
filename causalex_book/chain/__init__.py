"""From a film to spotted and named expressions."""
