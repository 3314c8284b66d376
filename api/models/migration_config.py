"""For Tortoise's own command line only: `tortoise -c api.models.migration_config.TORTOISE_ORM makemigrations`."""

from __future__ import annotations

from api.models.database import tortoise_config
from api.settings import get_settings

TORTOISE_ORM = tortoise_config(get_settings())
