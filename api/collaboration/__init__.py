"""Working together on one slide.

Invariant: only `log` advances a slide's sequence; what the channel carries is a hint that may be lost.
"""
