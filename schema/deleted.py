"""What a mutation that removes something gives back."""

from __future__ import annotations

import strawberry


@strawberry.type(description="Something was deleted, revoked or removed.")
class Deleted:
    id: strawberry.ID = strawberry.field(description="The id of what is gone.")
