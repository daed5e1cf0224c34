"""Hosts: the first one is made by a link on the console."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from toolkit.web.gate import tokens
from toolkit.web.models import Host, Token
from toolkit.web.writing import writing


def setup_link() -> str | None:
    """A link that makes the first host; None where there is one."""
    if Host.objects.exists():
        return None
    return settings.PORTAL.base_url + reverse("host-setup", args=[tokens.mint("setup", tokens.SETUP)])


def is_setup(secret: str) -> bool:
    """Whether a secret makes the first host now."""
    token = tokens.find("setup", secret)
    return token is not None and token.used is None and token.expires > timezone.now() and not Host.objects.exists()


@writing
def make_first(secret: str, username: str, password: str) -> Host | None:
    """The first host; None where the secret does not hold, or there is a host.

    Args:
        secret: Of the link.
        username: Of the host.
        password: Checked before.
    """
    now = timezone.now()
    used = Token.objects.filter(digest=tokens.digest(secret), purpose="setup", used=None, expires__gt=now).update(used=now)
    if not used or Host.objects.exists():
        return None
    return Host.objects.create_user(username=username, password=password)
