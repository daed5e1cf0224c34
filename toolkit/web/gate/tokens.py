"""Secrets in links: random ones that are used once and stored as hashes, and signed ones that are stored nowhere."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta

from django.core import signing
from django.utils import timezone

from toolkit.web.models import Registration, Token
from toolkit.web.writing import writing

CONFIRM = timedelta(hours=48)
SETUP = timedelta(minutes=5)
INVITATION = timedelta(days=1)
AFTER = timedelta(days=7)
"""How long a personal link holds after the end of its webinar."""
ACCESS, ME, UNSUBSCRIBE = "web.access", "web.me", "web.unsubscribe"
"""Salts: a link of one purpose is none of another."""
LENGTH = 43
"""Characters of 32 random bytes in base64."""


def digest(secret: str) -> str:
    """What a secret is stored as: enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


@writing
def mint(purpose: str, lifetime: timedelta, registration: Registration | None = None, email: str = "") -> str:
    """A new secret, whose hash is stored.

    Args:
        purpose: ``confirm``, ``setup`` or ``invite``.
        lifetime: How long it holds.
        registration: Whose address it confirms.
        email: That is to take the place of the registration's.
    """
    secret = secrets.token_urlsafe(32)
    row = {"digest": digest(secret), "purpose": purpose, "registration": registration, "email": email}
    Token.objects.create(**row, expires=timezone.now() + lifetime)
    return secret


def find(purpose: str, secret: str) -> Token | None:
    """The row of a secret, used and expired ones too."""
    if len(secret) != LENGTH or not secret.isascii():
        return None
    return Token.objects.select_related("registration__webinar").filter(digest=digest(secret), purpose=purpose).first()


def link(registration: Registration, salt: str) -> str:
    """A personal secret of a registration: that to the room holds until its version goes up, others as long as the row."""
    return signing.dumps([registration.id.hex, registration.link_version if salt == ACCESS else 0], salt=salt)


def read(secret: str, salt: str) -> tuple[uuid.UUID, int] | None:
    """The registration that a personal secret was made for, and its version; None where it was never ours."""
    try:
        identity, version = signing.loads(secret, salt=salt)
    except signing.BadSignature:
        return None
    return uuid.UUID(identity), version


def follow(secret: str, salt: str) -> Registration | None:
    """The registration of a personal secret; None where it was revoked, has ended or was never ours."""
    named = read(secret, salt)
    if named is None:
        return None
    found = Registration.objects.select_related("webinar").filter(id=named[0]).first()
    if found is None or salt != ACCESS:
        return found
    return found if found.link_version == named[1] and timezone.now() <= found.webinar.ends + AFTER else None
