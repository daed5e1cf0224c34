"""Secrets in links: random ones that are used once and stored as hashes, and signed ones that are stored nowhere."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.utils import timezone

from toolkit.web.models import Registration, Token, Webinar
from toolkit.web.writing import writing

CONFIRM = timedelta(hours=48)
SETUP = timedelta(minutes=5)
INVITATION = timedelta(days=1)
READING = timedelta(days=365)
AFTER = timedelta(days=7)
"""How long a personal link holds after the end of its webinar."""
ACCESS, ME, UNSUBSCRIBE, SURVEY = "web.access", "web.me", "web.unsubscribe", "web.survey"
"""Salts: a link of one purpose is none of another."""
LENGTH = 43
"""Characters of 32 random bytes in base64."""


def digest(secret: str) -> str:
    """What a secret is stored as: enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


@writing
def mint(purpose: str, lifetime: timedelta, registration: Registration | None = None, email: str = "", **about: Any) -> str:
    """A new secret, whose hash is stored.

    Args:
        purpose: ``confirm``, ``setup``, ``invite`` or ``api``.
        lifetime: How long it holds.
        registration: Whose address it confirms.
        email: That is to take the place of the registration's.
        about: `webinar` and `role` of who is invited.
    """
    secret = secrets.token_urlsafe(32)
    row = {"digest": digest(secret), "purpose": purpose, "registration": registration, "email": email, **about}
    Token.objects.create(**row, expires=timezone.now() + lifetime)
    return secret


def find(purpose: str, secret: str) -> Token | None:
    """The row of a secret, used and expired ones too."""
    if len(secret) != LENGTH or not secret.isascii():
        return None
    return Token.objects.select_related("registration__webinar").filter(digest=digest(secret), purpose=purpose).first()


def link(registration: Registration, salt: str) -> str:
    """A personal secret of a registration.

    That to the room holds until its version goes up, that to one's own page as long as the address it was sent to is the
    registration's, and that which ends news as long as the row.
    """
    return signing.dumps([registration.id.hex, _bound(registration, salt)], salt=salt)


def _bound(registration: Registration, salt: str) -> int | str:
    """What of a registration must be as it was when a secret was made."""
    if salt == ME:
        return digest(f"{registration.id} {registration.email}")[:16]
    return registration.link_version if salt == ACCESS else 0


def read(secret: str, salt: str) -> tuple[uuid.UUID, int | str] | None:
    """The registration that a personal secret was made for, and what it is bound to; None where it was never ours."""
    try:
        identity, bound = signing.loads(secret, salt=salt)
    except signing.BadSignature:
        return None
    return uuid.UUID(identity), bound


def held_until(webinar: Webinar) -> datetime:
    """Last moment of the personal links of a webinar."""
    return max(webinar.ends + AFTER, webinar.replay_until)


def follow(secret: str, salt: str) -> Registration | None:
    """The registration of a personal secret; None where it was revoked, has ended or was never ours."""
    named = read(secret, salt)
    if named is None:
        return None
    found = Registration.objects.select_related("webinar").filter(id=named[0]).first()
    if found is None or (salt == ACCESS and timezone.now() > held_until(found.webinar)):
        return None
    earlier = salt == ME and named[1] == 0 and found.link_version == 1  # of a portal before addresses could be corrected
    return found if earlier or named[1] == _bound(found, salt) else None
