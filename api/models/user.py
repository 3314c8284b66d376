"""People and the ways they prove who they are."""

from __future__ import annotations

import uuid

from tortoise import fields
from tortoise.models import Model


class User(Model):
    """A person. `email` is null for people who came by a provider that gave none."""

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    email = fields.CharField(max_length=254, null=True, unique=True)
    email_verified = fields.BooleanField(default=False)
    name = fields.CharField(max_length=120)
    password_hash = fields.CharField(max_length=255, null=True)
    is_admin = fields.BooleanField(default=False)
    color = fields.CharField(max_length=7)
    locale = fields.CharField(max_length=5, default="en")
    created_at = fields.DatetimeField(auto_now_add=True)
    disabled_at = fields.DatetimeField(null=True)
    toured_at = fields.DatetimeField(null=True)

    class Meta:
        table = "user_account"


class OAuthIdentity(Model):
    """One account at one provider, tied to one user by the provider's own subject, never by e-mail."""

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="identities")
    user_id: uuid.UUID
    provider = fields.CharField(max_length=32)
    subject = fields.CharField(max_length=190)
    email = fields.CharField(max_length=254, null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "oauth_identity"
        unique_together = (("provider", "subject"),)


class Session(Model):
    """A sign-in. The cookie holds a random token, the row holds its SHA-256 in hex."""

    token_hash = fields.CharField(max_length=64, primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="sessions")
    user_id: uuid.UUID
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    user_agent = fields.CharField(max_length=255, default="")
    address = fields.CharField(max_length=64, default="")

    class Meta:
        table = "session"


class SignInLink(Model):
    """A single-use address that signs one user in, only its SHA-256 in hex is kept."""

    token_hash = fields.CharField(max_length=64, primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="sign_in_links")
    user_id: uuid.UUID
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sign_in_link"


class ApiToken(Model):
    """A token for programs: hashed, scoped (`read`, `write`, `predict`), revocable."""

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="api_tokens")
    user_id: uuid.UUID
    name = fields.CharField(max_length=120)
    prefix = fields.CharField(max_length=12)
    token_hash = fields.CharField(max_length=64, unique=True)
    scopes: fields.Field[list[str]] = fields.JSONField()
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_token"


class UsedState(Model):
    """The id of an OAuth state that came back once, kept until the state has expired: a second return is refused."""

    id = fields.CharField(max_length=64, primary_key=True)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "used_state"


class SignInAttempt(Model):
    """A sign-in in progress or failed, counted per `subject` (SHA-256 in hex of an account's or an address's name)."""

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    subject = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()

    class Meta:
        table = "sign_in_attempt"
        indexes = (("subject", "created_at"), ("created_at",))
