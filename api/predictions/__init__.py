"""Predictions: the lease queue and the heatmap store. Invariant: a finished patch is never inferred again."""
