"""The GraphQL face, one file per noun.

Invariant: resolvers parse, permit, call the domain and return; no ORM query is made here.
"""
