"""Which sign-in providers the settings turn on, where they live, and what each tells about a person. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from api.settings import Settings


@dataclass(frozen=True)
class Profile:
    """A person as a provider describes them.

    Attributes:
        subject: the provider's own unchanging name for the account; the only thing an account here is tied to.
        name: what to call them; empty when the provider gave nothing.
        email: an address, if the provider gave one.
        email_verified: whether the provider says that the address is theirs. Only then may it become the account's.
    """

    subject: str
    name: str
    email: str | None
    email_verified: bool


@dataclass(frozen=True)
class Endpoints:
    """Addresses of an OAuth 2 provider."""

    authorize: str
    token: str
    profile: str
    emails: str = ""


@dataclass(frozen=True)
class Provider:
    """A provider that is turned on.

    Attributes:
        name: in addresses: kakao, naver, google, github, openid.
        label: on its button.
        endpoints: of an OAuth 2 provider; None for OpenID Connect, which tells them itself.
        configuration_url: of an OpenID Connect provider.
    """

    name: str
    label: str
    client_id: str
    client_secret: str
    endpoints: Endpoints | None = None
    configuration_url: str | None = None

    @property
    def start_path(self) -> str:
        return f"/auth/oauth/{self.name}/start"


KAKAO = Endpoints(
    authorize="https://kauth.kakao.com/oauth/authorize",
    token="https://kauth.kakao.com/oauth/token",  # noqa: S106  an address
    profile="https://kapi.kakao.com/v2/user/me",
)
NAVER = Endpoints(
    authorize="https://nid.naver.com/oauth2.0/authorize",
    token="https://nid.naver.com/oauth2.0/token",  # noqa: S106  an address
    profile="https://openapi.naver.com/v1/nid/me",
)
GITHUB = Endpoints(
    authorize="https://github.com/login/oauth/authorize",
    token="https://github.com/login/oauth/access_token",  # noqa: S106  an address
    profile="https://api.github.com/user",
    emails="https://api.github.com/user/emails",
)
GOOGLE_CONFIGURATION_URL = "https://accounts.google.com/.well-known/openid-configuration"


def configured_providers(settings: Settings) -> list[Provider]:
    """The providers that have a client id, in the order of their buttons.

    Google is spoken to as the OpenID Connect provider it is: its own OAuth API would need one more service turned on.
    """
    kakao, naver, google, github, openid = (
        (settings.kakao_client_id, settings.kakao_client_secret),
        (settings.naver_client_id, settings.naver_client_secret),
        (settings.google_client_id, settings.google_client_secret),
        (settings.github_client_id, settings.github_client_secret),
        (settings.openid_client_id if settings.openid_configuration_url else None, settings.openid_client_secret),
    )
    candidates = (
        ("kakao", "Kakao", kakao, KAKAO, None),
        ("naver", "Naver", naver, NAVER, None),
        ("google", "Google", google, None, GOOGLE_CONFIGURATION_URL),
        ("github", "GitHub", github, GITHUB, None),
        ("openid", settings.openid_name, openid, None, settings.openid_configuration_url),
    )
    return [
        Provider(name, label, client_id, secret.get_secret_value() if secret else "", endpoints, configuration_url)
        for name, label, (client_id, secret), endpoints, configuration_url in candidates
        if client_id
    ]


def kakao_profile(answer: dict[str, object]) -> Profile:
    """From `/v2/user/me`. The whole `kakao_account` may be missing, its address unverified or no longer valid."""
    account = _object(answer.get("kakao_account"))
    nickname = _object(account.get("profile")).get("nickname") or _object(answer.get("properties")).get("nickname")
    verified = account.get("is_email_verified") is True and account.get("is_email_valid") is True
    return Profile(_subject(answer, "id"), _text(nickname), _text(account.get("email")) or None, verified)


def naver_profile(answer: dict[str, object]) -> Profile:
    """From `/v1/nid/me`. The address is one the person typed, which Naver does not vouch for."""
    person = _object(answer.get("response"))
    name = _text(person.get("name")) or _text(person.get("nickname"))
    return Profile(_subject(person, "id"), name, _text(person.get("email")) or None, email_verified=False)


def github_profile(answer: dict[str, object], emails: list[object]) -> Profile:
    """From `/user` and `/user/emails`: the primary address; the profile's public one may not be verified."""
    primary = next((entry for entry in map(_object, emails) if entry.get("primary") is True), {})
    name = _text(answer.get("name")) or _text(answer.get("login"))
    email = _text(primary.get("email")) or None
    return Profile(_subject(answer, "id"), name, email, primary.get("verified") is True)


def openid_profile(claims: dict[str, object]) -> Profile:
    """From OpenID Connect claims. Some providers write `email_verified` as a text."""
    name = _text(claims.get("name")) or _text(claims.get("preferred_username")) or _text(claims.get("nickname"))
    verified = claims.get("email_verified")
    vouched = verified is True or verified == "true"
    return Profile(_subject(claims, "sub"), name, _text(claims.get("email")) or None, vouched)


def _subject(answer: dict[str, object], key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise ValueError(f"the answer has no '{key}'")
    return str(value)


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
