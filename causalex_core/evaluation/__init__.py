"""From intervals and labels to counts, rates and intervals of confidence."""
