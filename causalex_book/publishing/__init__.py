"""From results to what a reader sees: printed values, tables, figures, pages."""
