"""Measures and agreement.

Invariant: areas and lengths come from level-0 geometry; physical units only where mpp is known.
"""
