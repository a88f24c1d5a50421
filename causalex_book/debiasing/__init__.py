"""Pages on counterfactual debiasing."""
