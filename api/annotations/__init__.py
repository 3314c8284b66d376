"""Annotations: geometry, packing, index, editing.

Invariant: only `edit` writes annotations, for people and predictions alike.
"""
