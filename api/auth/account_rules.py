"""What an account's e-mail address, name and password must look like. Pure."""

from __future__ import annotations

import re
import unicodedata

from api.errors import InvalidInput

EMAIL_MAX = 254
NAME_MAX = 120
PASSWORD_MIN = 8
PASSWORD_MAX = 256
LOCALES = ("en", "ko")

_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")

# The passwords attackers try first, of those long enough to pass the length rule.
_COMMON = frozenset(
    """
    password password1 passw0rd 12345678 123456789 1234567890 123123123 11111111 00000000 87654321 1q2w3e4r 1q2w3e4r5t
    1qaz2wsx q1w2e3r4 zaq12wsx qwer1234 qwerty123 qwertyui qwertyuiop asdfghjk asdf1234 abcd1234 abc12345 iloveyou
    sunshine princess football baseball superman starwars trustno1 welcome1 letmein1 changeme admin123 administrator
    """.split()  # noqa: SIM905  a list of quoted words would be harder to read
)


def normalise_email(email: str) -> str:
    """The address in the one form it is stored and looked up in: lower case, its domain in ASCII.

    Raises:
        InvalidInput: if it is no address.
    """
    local, at, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    try:
        domain = domain.encode("idna").decode() if domain else ""
    except UnicodeError:
        domain = ""
    address = f"{local}@{domain}"
    fits = len(address) <= EMAIL_MAX and len(local) <= 64
    if not (at and fits and _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        raise InvalidInput(
            f"'{email[:100]}' is not an e-mail address. Write it as name@example.org.",
            code="EMAIL_INVALID",
            field="email",
        )
    return address


def clean_name(name: str, *, field: str = "name") -> str:
    """The name others see: 1 to 120 characters on one line, without spaces around.

    Raises:
        InvalidInput: if it is empty, too long, or holds control characters.
    """
    cleaned = unicodedata.normalize("NFC", " ".join(name.split()))
    if not cleaned:
        raise InvalidInput("The name is empty. Write 1 to 120 characters.", code="NAME_EMPTY", field=field)
    if len(cleaned) > NAME_MAX:
        raise InvalidInput(
            f"The name has {len(cleaned)} characters; at most {NAME_MAX} fit. Shorten it.",
            code="NAME_TOO_LONG",
            field=field,
            params={"length": len(cleaned), "limit": NAME_MAX},
        )
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in cleaned):
        raise InvalidInput(
            "The name holds characters that can't be shown. Remove them.", code="NAME_INVALID", field=field
        )
    return cleaned


def check_password(password: str, *, email: str | None = None, field: str = "password") -> str:
    """The password itself when it is good enough: 8 to 256 characters, not one that attackers try first.

    Raises:
        InvalidInput: says which rule it breaks; never repeats the password.
    """
    length = len(password)
    if length < PASSWORD_MIN:
        raise InvalidInput(
            f"The password has {length} characters; use at least {PASSWORD_MIN}. Several words in a row are good.",
            code="PASSWORD_TOO_SHORT",
            field=field,
            params={"length": length, "limit": PASSWORD_MIN},
        )
    if length > PASSWORD_MAX:
        raise InvalidInput(
            f"The password has {length} characters; use at most {PASSWORD_MAX}.",
            code="PASSWORD_TOO_LONG",
            field=field,
            params={"length": length, "limit": PASSWORD_MAX},
        )
    plain = password.casefold()
    if plain in _COMMON or len(set(plain)) == 1 or (email is not None and plain in {email, email.partition("@")[0]}):
        raise InvalidInput(
            "This password is among the first that attackers try. Choose another; several words in a row are good.",
            code="PASSWORD_COMMON",
            field=field,
        )
    return password


def check_locale(locale: str) -> str:
    """The language itself when the platform speaks it."""
    if locale not in LOCALES:
        raise InvalidInput(
            f"The language '{locale[:20]}' is not available. Use one of: {', '.join(LOCALES)}.",
            code="LOCALE_UNKNOWN",
            field="locale",
        )
    return locale
