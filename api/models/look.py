"""How a slide looks to one person: adjustments of its picture, which change no pixel that is stored."""

from __future__ import annotations

import enum
import uuid

from tortoise import fields
from tortoise.models import Model

from api.models.slide import Slide
from api.models.user import User


class Stain(enum.StrEnum):
    """What is shown of the picture: ALL, or one part of its colours by Ruifrok and Johnston's separation."""

    ALL = "ALL"
    HAEMATOXYLIN = "HAEMATOXYLIN"
    EOSIN = "EOSIN"
    RESIDUAL = "RESIDUAL"


class SlideLook(Model):
    """A person's adjustments of one slide. There is no row where they adjusted nothing.

    `brightness` and `contrast` lie in -1 to 1 and 0 changes nothing. `gamma` is an exponent, and 1 changes nothing.
    """

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name=False)
    user_id: uuid.UUID
    slide: fields.ForeignKeyRelation[Slide] = fields.ForeignKeyField("models.Slide", related_name=False)
    slide_id: uuid.UUID
    brightness = fields.FloatField()
    contrast = fields.FloatField()
    gamma = fields.FloatField()
    stain = fields.CharEnumField(Stain, max_length=16, default=Stain.ALL)

    class Meta:
        table = "slide_look"
        unique_together = (("user", "slide"),)
