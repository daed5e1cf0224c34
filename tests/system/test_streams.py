"""What becomes of an answer when nobody reads it, and when there is no room for it."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.cli.main import main

COMMANDS = ["data list", "data list --json", "strategies language", "strategies show ex-china", "optimize --help"]
FULL = Path("/dev/full")


def printed_into(descriptor: int, command: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Exit code of a command whose answer goes there; what is left of it is written once more, as when Python ends."""
    stdout = open(descriptor, "w", encoding="utf-8")  # noqa: SIM115
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        patch.setattr(sys, "argv", ["toolkit", *command.split()])
        with pytest.raises(SystemExit) as stop:
            main()
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        stdout.close()
    return int(stop.value.code or 0)


def broken_pipe() -> int:
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_goes_away_is_no_error(monkeypatch, capsys, command):
    assert printed_into(broken_pipe(), command, monkeypatch) == 0
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert "Broken" not in told


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_told(monkeypatch, capsys, command):
    assert printed_into(os.open(FULL, os.O_WRONLY), command, monkeypatch) == 2
    told = capsys.readouterr().err
    assert "No space left" in told
    assert "Traceback" not in told


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_process_ends_as_its_command_does(tmp_path):
    """What is left in a stream is written once more while Python ends."""
    for descriptor, code in ((broken_pipe(), 0), (os.open(FULL, os.O_WRONLY), 2)):
        process = subprocess.run(
            [sys.executable, "-m", "toolkit", "data", "list"],
            stdout=descriptor,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            check=False,
        )
        os.close(descriptor)
        assert process.returncode == code
        assert b"Traceback" not in process.stderr
        assert b"Broken" not in process.stderr
        assert b"Exception ignored" not in process.stderr


def test_a_strategy_that_is_shown_is_the_same_strategy(toolkit, tmp_path):
    copy = tmp_path / "copy.toml"
    copy.write_text(toolkit("strategies", "show", "physical-basket").stdout, encoding="utf-8")
    read = [toolkit("strategies", "show", which, "--json").stdout for which in ("physical-basket", str(copy))]
    first, second = (json.loads(text)["fingerprint"] for text in read)
    assert first == second
