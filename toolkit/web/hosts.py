"""Hosts: each is made by a link on the console."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta

import qrcode
import structlog
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from qrcode.image.svg import SvgPathImage

from toolkit.core.errors import SpecError, did_you_mean
from toolkit.web.gate import limits, tokens
from toolkit.web.jinja import spoken
from toolkit.web.models import Assignment, AuditEntry, Host, Role, Token, Webinar
from toolkit.web.operations import audit
from toolkit.web.writing import writing

SLOWED = "login slowed"
ALERT = timedelta(days=7)
"""How long the pages of a host say that others tried passwords."""
log = structlog.get_logger("hosts")


def setup_link() -> str | None:
    """A link that makes the first host; None where there is one."""
    if Host.objects.exists():
        return None
    return _address(tokens.mint("setup", tokens.SETUP))


def invitation(webinar: Webinar | None = None, role: int = 0) -> str:
    """A link that makes one more host, once, within a day; one who helps with a webinar, where it is named."""
    return _address(tokens.mint("invite", tokens.INVITATION, webinar=webinar, role=role))


def role(webinar: Webinar, host: Host) -> int:
    """The `Role` of a host in a webinar; 0 without one."""
    if webinar.host_id == host.pk:
        return Role.OWNER
    return Assignment.objects.filter(webinar=webinar, host=host.pk).values_list("role", flat=True).first() or 0


@writing
def help_with(webinar: Webinar, host: Host, role: int, *, actor: str) -> None:
    """Give a host a role in a webinar, or with 0 take it away.

    Args:
        webinar: Of another host.
        host: Who helps.
        role: Co-host or moderator.
        actor: For the audit log.
    """
    if role:
        Assignment.objects.update_or_create(webinar=webinar, host=host, defaults={"role": role})
    else:
        Assignment.objects.filter(webinar=webinar, host=host).delete()
    audit.record(actor, f"role {role} of host:{host.pk}", webinar.slug)


def _address(secret: str) -> str:
    return settings.PORTAL.base_url + reverse("host-setup", args=[secret])


def is_setup(secret: str) -> bool:
    """Whether a secret makes a host now: the first, or one more who was invited."""
    token = tokens.find("setup", secret) or tokens.find("invite", secret)
    if token is None or token.used is not None or token.expires <= timezone.now():
        return False
    return token.purpose == "invite" or not Host.objects.exists()


def named(username: str) -> Host:
    """The host of a name.

    Raises:
        SpecError: where there is none, with the nearest.
    """
    found = Host.objects.filter(username=username).first()
    if found is None:
        known = Host.objects.values_list("username", flat=True)
        raise SpecError(f"there is no host {username!r}.", hint=did_you_mean(username, known))
    return found


def code_device(host: Host, *, confirmed: bool) -> TOTPDevice | None:
    """The one-time passwords of a host: in use, or begun and not yet answered."""
    return TOTPDevice.objects.filter(user=host, confirmed=confirmed).first()


@writing
def begin_codes(host: Host) -> None:
    """A new secret for one-time passwords; a former one that was not answered is gone."""
    TOTPDevice.objects.filter(user=host, confirmed=False).delete()
    TOTPDevice.objects.create(user=host, name="default", confirmed=False)


@writing
def confirm_codes(host: Host, code: str) -> TOTPDevice | None:
    """Put the secret in use that a host has begun, by a code of it."""
    device = code_device(host, confirmed=False)
    if device is None or code_device(host, confirmed=True) is not None:
        return None
    if not device.verify_is_allowed()[0] or not device.verify_token(code):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    return device


def picture(device: TOTPDevice) -> str:
    """The secret as a QR code for a telephone: an SVG of its own, as the address of an image."""
    image = qrcode.make(device.config_url, image_factory=SvgPathImage, box_size=12)
    return "data:image/svg+xml;base64," + base64.b64encode(image.to_string()).decode()


@writing
def make(secret: str, username: str, password: str) -> Host | None:
    """A host; None where the secret does not hold. The first one gets the webinars that were made before.

    Args:
        secret: Of the link.
        username: Of the host.
        password: Checked before.
    """
    now, is_first = timezone.now(), not Host.objects.exists()
    purposes = ("setup", "invite") if is_first else ("invite",)
    held = Token.objects.filter(digest=tokens.digest(secret), purpose__in=purposes, used=None, expires__gt=now)
    if not held.update(used=now):
        return None
    host = Host.objects.create_user(username=username, password=password)
    if is_first:
        Webinar.objects.filter(host=None).update(host=host)
    audit.record(f"host:{host.pk}", "host made")
    token = held.model.objects.get(digest=tokens.digest(secret))
    if token.webinar is not None:
        help_with(token.webinar, host, token.role, actor=f"host:{host.pk}")
    return host


@writing
def count_wrong(subject: str, username: str) -> None:
    """Count a wrong password; the first that makes others wait, and each time they are twice as many, is in the audit log.

    Args:
        subject: Whose wrong passwords are counted together: the name, or a device that has been logged in.
        username: That the password was tried for.
    """
    waiting, host = limits.count_wrong(subject), Host.objects.filter(username=username).first()
    if waiting.bit_count() == 1:
        log.error("hosts.login_slowed", wrong_passwords=waiting + limits.WRONG_AT_ONCE, host=host and host.pk)
        if host is not None:
            audit.record(audit.VISITOR, SLOWED, f"host:{host.pk}")


def slowed_at(host: Host) -> datetime | None:
    """When wrong passwords of a host last made others wait, within `ALERT`."""
    found = AuditEntry.objects.filter(action=SLOWED, target=f"host:{host.pk}", at__gt=timezone.now() - ALERT)
    return found.order_by("-id").values_list("at", flat=True).first()


@writing
def change_password(host: Host, password: str) -> None:
    """A new password, checked before; every session of the host ends."""
    host.set_password(password)
    host.save(update_fields=["password"])
    audit.record(f"host:{host.pk}", "password changed")


class PortalWords:
    """A validator of passwords: words that who knows the portal would try do not count towards their length.

    Args:
        least: Characters that a password has beside these words.
    """

    def __init__(self, least: int) -> None:
        self.least = least

    def validate(self, password: str, user: Host | None = None) -> None:
        """A `ValidationError` for a password that says little else."""
        known = f"{settings.PORTAL.organiser} {'' if user is None else user.username} toolkit portal webinar strategic metals"
        words = sorted(re.findall(r"\w{4,}", known.lower()), key=len, reverse=True)
        if len(re.sub("|".join(map(re.escape, words)), "", password.lower())) < self.least:
            raise ValidationError(spoken().words("The words of this portal and your name are no part of a password."))

    def get_help_text(self) -> str:
        """None beside that of the page."""
        return ""


@writing
def recover(username: str) -> str:
    """A link by which a host who lost password or telephone chooses a new one, once, within an hour.

    The account is open again, the former password and one-time passwords are gone, and open sessions end.

    Raises:
        SpecError: where there is no such host.
    """
    host = _closed(username, is_active=True)
    TOTPDevice.objects.filter(user=host).delete()
    AccessAttempt.objects.filter(username=host.username).delete()  # the old password was tried until the login was closed
    limits.forget_wrong(host.username)
    audit.record(audit.CONSOLE, "host recovered", f"host:{host.pk}")
    return settings.PORTAL.base_url + reverse("host-recovered", args=[f"{host.pk}-{default_token_generator.make_token(host)}"])


def recovering(secret: str) -> Host | None:
    """The host whom a link of `recover` is for; None where it was used or is too old."""
    pk, _, token = secret.partition("-")
    host = Host.objects.filter(pk=pk, is_active=True).first() if pk.isdecimal() and len(pk) < 10 else None
    return host if default_token_generator.check_token(host, token) else None


@writing
def close(username: str) -> None:
    """Close the account of a host: open sessions end, and nobody logs in until `recover` opens it; the webinars stay.

    Raises:
        SpecError: where there is no such host.
    """
    host = _closed(username, is_active=False)
    audit.record(audit.CONSOLE, "host closed", f"host:{host.pk}")


def _closed(username: str, *, is_active: bool) -> Host:
    """A host without a password, whose sessions have ended."""
    host = named(username)
    host.set_unusable_password()
    host.is_active = is_active
    host.save(update_fields=["password", "is_active"])
    return host
