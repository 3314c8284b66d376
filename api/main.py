"""The ASGI application: wires settings, lifespan, routes and GraphQL; decides nothing.

`uvicorn api.main:app`, or `coslide serve`, which also starts workers and the model server.
"""

from __future__ import annotations
