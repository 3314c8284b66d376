"""Who is asking, and what they may do.

Invariant: secrets (passwords, session, link and API tokens) are stored only as hashes.
"""
