"""What prints a report, and what the file says of its making."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.system.browser import CHROMIUM
from toolkit.app.report import pdf
from toolkit.app.report.pdf import VARIABLE, browser, coloured, dated, printed
from toolkit.core.errors import SpecError


def program(folder, name: str, script: str = "exit 0") -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_the_first_browser_of_the_path_prints(tmp_path):
    assert browser({"PATH": str(tmp_path)}) is None
    chrome = program(tmp_path, "google-chrome")
    assert browser({"PATH": str(tmp_path)}) == chrome
    chromium = program(tmp_path, "chromium")
    assert browser({"PATH": str(tmp_path)}) == chromium


def test_a_browser_that_is_named_comes_first_and_must_exist(tmp_path):
    program(tmp_path, "chromium")
    other = program(tmp_path, "my-browser")
    assert browser({"PATH": str(tmp_path), VARIABLE: other}) == other
    assert browser({"PATH": str(tmp_path), VARIABLE: "my-browser"}) == other
    assert browser({"PATH": str(tmp_path), VARIABLE: ""}) is None
    with pytest.raises(SpecError, match="names '/none'") as error:
        browser({"PATH": str(tmp_path), VARIABLE: "/none"})
    assert "Install Chromium" in error.value.hint


@pytest.mark.parametrize("script", ["echo broken >&2; exit 3", "exit 0"])
def test_a_browser_that_prints_nothing_is_an_error_with_its_last_words(tmp_path, script):
    with pytest.raises(SpecError, match="made no PDF of the report") as error:
        printed("<p>x", program(tmp_path, "chromium", script))
    assert ("broken" in error.value.message) == ("broken" in script)


def test_a_file_that_is_no_program_is_an_error_not_a_crash(tmp_path):
    path = program(tmp_path, "chromium")
    (tmp_path / "chromium").write_bytes(b"\x00\x01")
    with pytest.raises(SpecError, match="made no PDF"):
        printed("<p>x", path)


@pytest.mark.skipif(os.name == "nt", reason="a process is told by a signal")
def test_a_signal_while_the_browser_starts_ends_it_too(tmp_path, monkeypatch):
    """Between its start and the moment at which it is known nobody ended it."""

    class Told(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)
            os.kill(os.getpid(), signal.SIGTERM)

    def end(*_):
        raise SystemExit(1)

    started: list[Told] = []
    monkeypatch.setattr(subprocess, "Popen", Told)
    former = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(SystemExit):
            printed("<p>x", program(tmp_path, "chromium", "exec sleep 500"))
        assert signal.getsignal(signal.SIGTERM) is end
    finally:
        signal.signal(signal.SIGTERM, former)
    assert [one.returncode for one in started] == [-signal.SIGKILL]


def places(monkeypatch, folder: Path) -> Path:
    """The folder of temporary files, for this process and those that it starts."""
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


SLOW = """
place=$(cd "$TMPDIR" && pwd)
mkdir "$place/org.chromium.Chromium.x"
for _ in $(seq 200); do mkdir -p "$place/profile"; sleep 0.01; done &
sleep 30
"""
"""A browser that does not end, and a helper of it that writes into its folder for two seconds."""


def test_a_browser_that_is_too_slow_leaves_no_folder_and_no_helper(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "PAGE_SECONDS", 0.3)
    place, began = places(monkeypatch, tmp_path / "places"), time.monotonic()
    with pytest.raises(SpecError, match="timed out"):
        printed("<p>x", program(tmp_path, "chromium", SLOW))
    time.sleep(0.1)
    assert time.monotonic() - began < 20
    assert not [*place.iterdir()]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
def test_a_printed_page_leaves_nothing_in_folders_of_long_names(tmp_path, monkeypatch):
    place = places(monkeypatch, tmp_path / ("long" * 25))
    assert printed("<p>x", str(CHROMIUM)).startswith(b"%PDF-")
    assert not [*place.iterdir()]


def test_a_program_of_the_folder_prints(tmp_path, monkeypatch):
    program(tmp_path, "chromium", 'for word; do case $word in --print-to-pdf=*) echo %PDF- > "${word#*=}"; esac; done')
    monkeypatch.chdir(tmp_path)
    found = browser({"PATH": ".", VARIABLE: "./chromium"})
    assert found
    assert printed("<p>x", found) == b"%PDF-\n"


def test_the_dates_of_a_file_are_those_of_the_report_in_as_many_bytes():
    made = b"<</CreationDate (D:20261125101112+00'00')\n/ModDate (D:20261125101112Z)\n/Title (D:2026)>>"
    message = dated(made, "2026-11-24")
    assert len(message) == len(made)
    assert b"/CreationDate (D:20261124000000+00'00')" in message
    assert b"/ModDate (D:20261124000000+)" in message
    assert b"/Title (D:2026)" in message


def test_a_drawing_on_its_own_has_colours_and_a_size():
    svg = coloured('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 328 40" class="drawn"><rect class="fill-data"/></svg>')
    assert svg.startswith('<svg width="328" height="40" ')
    assert ".fill-data{fill:#1b5e93}" in svg
    assert "prefers-color-scheme" not in svg
