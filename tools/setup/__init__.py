"""Sets everything up on a machine that has Python 3.11 to 3.13 and nothing else of ours.

`__main__` is the entry; each other module is one thing to set up, made of steps (`steps.Reporter`).

Invariants: only the standard library is imported, because this runs before any environment exists; every step may
run again and does nothing when its result is already there; nothing outside the project's folder is changed, except
Debian packages, and those only by root or sudo.
"""
