"""Slide files: from upload to tile.

Invariant: a slide file is hostile; OpenSlide and every decoder run where a crash can't take the server down.
"""
