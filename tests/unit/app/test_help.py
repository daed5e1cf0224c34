"""What a program learns of the commands, and parts of answers."""

import json

import pytest

from toolkit.cli.main import run
from toolkit.records.published import published


def asked(capsys, *words: str) -> tuple[int, str, str]:
    code = run([*words])
    return code, *capsys.readouterr()


def test_every_command_is_named_with_the_options_that_it_takes(capsys):
    code, said, _ = asked(capsys, "help", "--json")
    told = json.loads(said)
    assert code == 0
    for name in ("optimize", "data import", "webinar create", "cover"):
        _, page, _ = asked(capsys, *name.split(), "--help")
        assert [one["name"] for one in told["commands"][name]["options"] if one["name"].casefold() not in page.casefold()] == []
    assert {"--as-of", "--json", "--part"} <= {one["name"] for one in told["shared_options"]}
    assert (told["exit_codes"]["spec"], told["exit_codes"]["strict"]) == (2, 7)
    assert told["schemas"] == sorted(published())


def test_one_command_is_a_page_or_an_object(capsys):
    _, page, _ = asked(capsys, "help", "data", "import")
    assert page.startswith("Usage: toolkit data import")
    _, said, _ = asked(capsys, "help", "--json", "data", "import")
    assert [*json.loads(said)["commands"]] == ["data import"]
    assert json.loads(said)["schemas"] == ["data-import"]
    code, _, told = asked(capsys, "help", "covr")
    assert code == 2
    assert "'cover'" in told


@pytest.mark.parametrize(
    "command", [["controls", "gallium"], ["strategies", "show", "robust-utility"], ["strategies", "language"]]
)
def test_a_part_is_what_the_whole_has(capsys, command):
    whole = json.loads(asked(capsys, *command, "--json")[1])
    for key in whole:
        assert json.loads(asked(capsys, *command, "--format", "json", "--part", key)[1]) == {key: whole[key]}
    code, said, _ = asked(capsys, *command, "--json", "--part", "nothing")
    assert code == 2
    assert json.loads(said)["error"]["kind"] == "spec"
    code, _, told = asked(capsys, *command, "--part", "nothing")
    assert code == 2
    assert "--json" in told
