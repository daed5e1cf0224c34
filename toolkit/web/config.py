"""Configuration of the portal: options of `toolkit serve`, then `TOOLKIT_WEB_...` of the environment, then defaults."""

from __future__ import annotations

import json
import os
import re
import secrets
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.text import one_line

SHORTEST_KEY = 32
"""Bytes of a key that is no guess."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PREFIX = "TOOLKIT_WEB_"
T = TypeVar("T")


def _entries(value: Any) -> Any:
    """A list as JSON, or its entries with commas between them."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.startswith("[") else [entry.strip() for entry in value.split(",") if entry.strip()]


Listed = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_entries)]
Line = Annotated[str, AfterValidator(one_line)]


def _server(schemes: tuple[str, ...], example: str) -> AfterValidator:
    """An address with a host and one of some schemes; what another one holds is not told."""

    def checked(url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            sound = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:  # of a password with a character that ends the address
            sound = False
        if not sound:
            raise ValueError(f"must be as {example}, characters as / # @ of a password as %2F %23 %40")
        return url

    return AfterValidator(checked)


def _origin(text: str) -> str:
    """An origin as browsers send it: in small letters, without a slash at its end."""
    origin = text.strip().rstrip("/").lower()
    if not re.fullmatch(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", origin):
        raise ValueError(f"{text} must be as https://metals.example, without a path or a user, letters as ü as xn--...")
    return origin


MailServer = Annotated[SecretStr, _server(("smtp", "smtps"), "smtp://user:password@mail.example.com:587")]
Database = Annotated[SecretStr, _server(("postgresql", "postgres"), "postgresql://user:password@host/name")]
Origin = Annotated[str, AfterValidator(_origin)]


class WebConfig(BaseSettings):
    """Configuration of the portal.

    Attributes:
        folder: Database, mails and key of the embedded portal.
        base_url: Address that visitors see; every link in a mail begins with it. By default the address that is listened on.
        database_url: ``postgresql://user:password@host/name``; by default SQLite in the folder.
        threads: Pages that are made at the same time.
        demo: Whether the live demo runs; without it the portal is a gate alone.
        prices: The host's own price files, which the demo shows in place of the bundled prices.
        wall: Seconds after which a process of the demo that has not answered is ended; nobody waits that long.
        smtp: ``smtp://user:password@host:587`` (STARTTLS) or ``smtps://...``; by default mails are files in the folder.
        sender: Address that mails come from.
        organiser, contact: Who runs the webinars and how to write to them, for consent texts and the privacy notice.
        trusted_proxy: Networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` count.
        insecure_http: Whether plain http on other addresses than loopback is meant.
        form_origins: Origins of sites whose own form may post sign-ups here, as ``https://metals.example``.
        players: Origins of meetings and players that may stand in the room, as ``https://meet.example``.
        webhook_networks: Private networks that webhooks may reach, over plain http too; by default none.
        journal: File of erasures and revocations that a restore makes again; by default in the folder.
        every: Seconds between two looks at the mails and webhooks that are due.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", hide_input_in_errors=True)

    folder: Path = Path("portal")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    base_url: Annotated[str, AfterValidator(lambda url: url and _origin(url))] = ""
    database_url: Database | None = None
    threads: int = Field(default=8, ge=1, le=64)
    demo: bool = True
    prices: Listed[str] = ()
    wall: float = Field(default=30.0, gt=0)
    smtp: MailServer | None = None
    sender: str = "webinar@localhost"
    organiser: Line = "The organiser"
    contact: Line = ""
    secret_file: Path | None = None
    trusted_proxy: Listed[IPv4Network | IPv6Network] = ()
    insecure_http: bool = False
    form_origins: Listed[Origin] = ()
    players: Listed[Origin] = ()
    webhook_networks: Listed[IPv4Network | IPv6Network] = ()
    journal: Path | None = None
    every: float = Field(default=1.0, gt=0)
    log: Literal["json", "off"] = "json"

    @model_validator(mode="after")
    def _sender(self) -> WebConfig:
        _, at, domain = parseaddr(self.sender)[1].rpartition("@")
        if not at or (self.smtp is not None and domain == "localhost"):
            raise ValueError(f"sender {self.sender!r} must be the address that mails come from, as webinar@metals.example")
        return self

    @model_validator(mode="after")
    def _secure(self) -> WebConfig:
        self.base_url = self.base_url or self._listened
        if not self.secure and self.hostname not in LOOPBACK and not self.insecure_http:
            raise ValueError(
                "base_url is plain http: cookies and links could be read on the way; --insecure-http if that is meant"
            )
        return self

    @property
    def _listened(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def hostname(self) -> str:
        """Host of every address of the portal."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def file(self) -> Path:
        """The database of the embedded portal."""
        return self.folder / "portal.sqlite3"

    @property
    def secure(self) -> bool:
        """Whether visitors come over https."""
        return self.base_url.startswith("https://")

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers accept cookies that are marked secure: over https, and on loopback."""
        return self.secure or self.hostname in LOOPBACK

    def note_address(self) -> None:
        """Keep the address that is served, for the commands beside it; one that is there stays whole on a full disk."""
        file = self.folder / "address"
        if not file.exists() or file.read_bytes() != self.base_url.encode():
            part = file.with_suffix(".part")
            part.write_text(self.base_url, encoding="utf-8")
            part.replace(file)

    def as_served(self) -> WebConfig:
        """With the address that was served last from this folder, where none is set: commands print links too.

        Raises:
            SpecError: where its file holds none.
        """
        last = self.folder / "address"
        if self.base_url != self._listened or not last.exists():
            return self
        try:
            return self.model_copy(update={"base_url": _origin(last.read_text(encoding="utf-8"))})
        except ValueError:
            raise SpecError(f"{last} holds no address.", hint="Remove it: the next start writes it anew.") from None

    def keys(self) -> tuple[str, ...]:
        """The key that signs, and the keys before it whose signatures still hold: lines of the file, made at the first start.

        Raises:
            SpecError: for a key that is short or an example.
        """
        path = self.secret_file or self.folder / "secret"
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
        found = tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
        if not found or any(len(key.encode()) < SHORTEST_KEY or key.startswith("django-insecure") for key in found):
            raise SpecError(f"{path} holds no key of {SHORTEST_KEY} bytes or more.", hint="Remove it: a new one is made.")
        return found


def read_config(**options: Any) -> WebConfig:
    """The configuration; options that are None are not given.

    Raises:
        SpecError: for a value that makes no sense, by the name of its option, and for a variable that is no setting.
    """
    known = {PREFIX + name.upper() for name in WebConfig.model_fields}
    for name in sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known):
        raise SpecError(f"{name} is no setting of the portal.", hint=did_you_mean(name, known))
    try:
        return WebConfig(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        faults = [
            ": ".join((*(str(name) for name in fault["loc"][:1]), fault["msg"].removeprefix("Value error, ")))
            for fault in error.errors(include_input=False)
        ]
        raise SpecError("; ".join(faults) + ".", hint="See TOOLKIT_WEB_... in docs/portal.md.") from None
