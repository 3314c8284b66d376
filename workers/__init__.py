"""Background work: claims shards from the lease queue and reaches the model only through Triton's protocol.

Invariant: workers and API never call each other; they share database, storage and channel.
"""
