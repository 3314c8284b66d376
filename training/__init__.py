"""Train, calibrate, measure and export the cancer segmentation model.

Run as modules: `python -m training` (= `.train`, `.calibrate`, `.export`), `.evaluate`, `.smoke`. What needs torch
(network, data, augment, negatives, train, calibrate, export) runs in an environment of its own; what the platform or
a reader of the figures needs (classes, manifest, metrics, windows, perturb, served, evaluate, smoke) does not.

Invariant: a case is in one split only, and no pixel of `val` or `report` ever enters a gradient.
"""
