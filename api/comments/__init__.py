"""Comments on a slide.

Invariant: a change of a thread is an event of its slide, in one transaction with it.
"""
