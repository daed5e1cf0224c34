"""What becomes of an answer when nobody reads it, and when there is no room for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = ["data list", "data list --json", "strategies language", "strategies show ex-china", "optimize --help"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_goes_away_is_no_error(tmp_path, command):
    read, write = os.pipe()
    os.close(read)
    process = subprocess.run(
        [sys.executable, "-m", "toolkit", *command.split()], stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, check=False
    )
    os.close(write)
    assert process.returncode == 0, process.stderr
    assert b"Traceback" not in process.stderr
    assert b"Broken" not in process.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_told(tmp_path, command):
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "toolkit", *command.split()], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, check=False
        )
    assert process.returncode == 2
    assert b"No space left" in process.stderr
    assert b"Traceback" not in process.stderr


def test_a_strategy_that_is_shown_is_the_same_strategy(toolkit, tmp_path):
    copy = tmp_path / "copy.toml"
    copy.write_text(toolkit("strategies", "show", "physical-basket").stdout, encoding="utf-8")
    read = [toolkit("strategies", "show", which, "--json").stdout for which in ("physical-basket", str(copy))]
    first, second = (json.loads(text)["fingerprint"] for text in read)
    assert first == second
