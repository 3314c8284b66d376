"""File formats of other programs: GeoJSON (QuPath), ASAP, ImageScope, COCO, CSV, masks. Pure: bytes and values only.

A parser returns what it read and a report of everything it had to repair; a writer makes a file piece by piece.
Invariant: nothing is dropped or changed in silence.
"""
