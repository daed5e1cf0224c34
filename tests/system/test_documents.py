"""The README cannot drift: what it says a command prints is what the command prints."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_the_example_of_the_readme_is_what_the_command_prints(toolkit):
    shown = re.search(r"`toolkit optimize --as-of 2026-11-24`\n\n```text\n(.*?)\n```", README, re.DOTALL)
    assert shown
    printed = toolkit("optimize", "--as-of", "2026-11-24", "--no-report", "--quiet").stdout
    assert [line.rstrip() for line in printed.rstrip().splitlines()] == shown[1].splitlines()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^toolkit (\w+)", README, re.MULTILINE))))
def test_every_command_of_the_readme_exists(toolkit, command):
    assert toolkit(command, "--help").returncode == 0
