"""Pages for what went wrong."""

from __future__ import annotations

import logging
import re

from toolkit.web.views import public


def test_an_unexpected_error_is_a_general_page_and_its_cause_in_the_log(client, webinar, monkeypatch, caplog):
    def fails(*_):
        raise RuntimeError("SELECT key FROM vault")

    monkeypatch.setattr(public, "calendar", fails)
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", False)  # import-linter leaves it off
    client.raise_request_exception = False
    answer = client.get(f"/w/{webinar.slug}/calendar.ics")
    page = answer.content.decode()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (500, "no-store")
    assert "The fault is ours and is written down." in page
    assert not re.search(r"SELECT|RuntimeError|Traceback|test_errors", page)
    assert "SELECT key FROM vault" in caplog.text
