"""The portal in process: Django under the settings of an embedded portal, whose database is a file."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import django
import pytest
from django.conf import settings

from toolkit.web.config import WebConfig
from toolkit.web.settings import values

if not settings.configured:  # Django is configured once a process
    folder = tempfile.TemporaryDirectory(prefix="portal-")  # goes with the process
    config = WebConfig(
        folder=Path(folder.name),
        base_url="https://webinar.example.com",
        organiser="Metals & Co",
        database_url=os.environ.get("TEST_PORTAL_DATABASE_URL"),
    )
    found = values(config)
    # A hash of the portal takes a tenth of a second: here they are made by the hundred, and that they are slow is of no matter.
    found["PASSWORD_HASHERS"] = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if config.database_url is None:
        found["DATABASES"]["default"]["TEST"] = {"NAME": config.folder / "test.sqlite3"}
    settings.configure(**found)
    django.setup()

from tests.unit.web.visitors import Browser, announced, log_in
from toolkit.web.models import Webinar
from toolkit.web.writing import writer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On another database only what uses one runs again."""
    if settings.PORTAL.database_url is not None:
        used = {"db", "transactional_db"}
        items[:] = [item for item in items if used & {*item.fixturenames} or item.get_closest_marker("django_db")]  # type: ignore[attr-defined]


def pytest_unconfigure() -> None:
    shutil.rmtree(settings.PORTAL.folder)


@pytest.fixture(autouse=True)
def _ended_writer():
    yield
    writer.stop()


@pytest.fixture
def client() -> Browser:
    return Browser()


@pytest.fixture
def webinar(db) -> Webinar:
    return announced()


@pytest.fixture
def host(webinar) -> Browser:
    """In the session of the host of the webinar."""
    found = Browser()
    log_in(found)
    webinar.refresh_from_db()
    return found
