"""The server: domain, and HTTP for bytes.

Invariant: nothing here imports from `workers`; both share database, storage and channel only.
"""
