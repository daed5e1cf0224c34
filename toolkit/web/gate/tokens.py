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
AFTER = timedelta(days=7)
"""How long a personal link holds after the end of its webinar."""
ACCESS, ME = "web.access", "web.me"
"""Salts: a link of one purpose is none of another."""
LENGTH = 43
"""Characters of 32 random bytes in base64."""


def digest(secret: str) -> str:
    """What a secret is stored as: enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


@writing
def mint(purpose: str, lifetime: timedelta, registration: Registration | None = None) -> str:
    """A new secret, whose hash is stored.

    Args:
        purpose: ``confirm`` or ``setup``.
        lifetime: How long it holds.
        registration: Whose address it confirms.
    """
    secret = secrets.token_urlsafe(32)
    Token.objects.create(digest=digest(secret), purpose=purpose, registration=registration, expires=timezone.now() + lifetime)
    return secret


def find(purpose: str, secret: str) -> Token | None:
    """The row of a secret, used and expired ones too."""
    if len(secret) != LENGTH or not secret.isascii():
        return None
    return Token.objects.select_related("registration__webinar").filter(digest=digest(secret), purpose=purpose).first()


def link(registration: Registration, salt: str) -> str:
    """The personal secret of a registration, until its version goes up."""
    return signing.dumps([registration.id.hex, registration.link_version], salt=salt)


def follow(secret: str, salt: str) -> Registration | None:
    """The registration of a personal secret; None where it was revoked, has ended or was never ours."""
    try:
        identity, version = signing.loads(secret, salt=salt)
    except signing.BadSignature:
        return None
    found = Registration.objects.select_related("webinar").filter(id=uuid.UUID(identity), link_version=version).first()
    if found is None or timezone.now() > found.webinar.ends + AFTER:
        return None
    return found
