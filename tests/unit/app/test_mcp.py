"""The door for agents: driven by the official client over standard input, and refused where it must be."""

import json
import os
import pkgutil
import re
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from toolkit import cli
from toolkit.app.controls import answers
from toolkit.app.mcp import CHARACTERS, KEPT, Agent
from toolkit.core.errors import DataError
from toolkit.report.topics.controls import document
from toolkit.strategy import __file__ as inside

ROOT = Path(inside).parents[2]
LOTS = "lot_id,asset,quantity,unit,origin,location,status\nGA-1,gallium,80,kg,China,Frankfurt,stored\n"
NEEDS = "asset,quantity\ngallium,30\n"
DAY = {"as_of": "2026-11-24"}
ASKED = {
    "controls": {"metal": "gallium", "to": "USA", **DAY},
    "exposure": {"holdings": "lots.csv", **DAY},
    "cover": {"holdings": "lots.csv", "needs": "needs.csv", **DAY},
    "flows": {"metal": "germanium", **DAY},
    "propose_layout": {"file": "lots.csv"},
    "optimize": {"budget": 50_000, **DAY},
}
REFUSED = {
    "a file outside": ("exposure", {"holdings": "../secret.csv"}),
    "a link out": ("exposure", {"holdings": "link.csv"}),
    "an absolute path": ("exposure", {"holdings": "/etc/hostname"}),
    "no metal": ("controls", {"metal": "unobtainium"}),
    "no day": ("controls", {"metal": "gallium", "as_of": "soon"}),
    "a list of lots": ("performance", {"movements": "lots.csv"}),
}


def text(found: Any) -> str:
    """The text of an answer, or of a part of a record."""
    return (found.contents if hasattr(found, "contents") else found.content)[0].text


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Answers of a server in a folder, refusals, and a part of each record."""
    folder = tmp_path_factory.mktemp("agent") / "work"
    folder.mkdir()
    (folder / "lots.csv").write_text(LOTS)
    (folder / "needs.csv").write_text(NEEDS)
    (folder.parent / "secret.csv").write_text(LOTS)
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")

    async def talk():
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "toolkit", "mcp", "--folder", str(folder)], env=environment, cwd=str(folder)
        )
        async with Client(stdio_client(server)) as client:
            tools = (await client.list_tools()).tools
            told = {name: text(await client.call_tool(name, args)) for name, args in ASKED.items()}
            refused = {key: text(await client.call_tool(name, args)) for key, (name, args) in REFUSED.items()}
            parts = {}
            for name, part in (("controls", "measures"), ("exposure", "lots"), ("cover", "needs")):
                key = told[name].rpartition("run://")[2].partition("/")[0]
                parts[name] = json.loads(text(await client.read_resource(f"run://{key}/{part}")))
        return tools, told, refused, parts

    return anyio.run(talk)


def test_every_tool_only_reads_and_their_definitions_are_short(session):
    tools, *_ = session
    assert {one.name for one in tools} == {*ASKED, "performance"}
    assert all(one.annotations.read_only_hint for one in tools)
    assert len(json.dumps([one.model_dump(mode="json", exclude_none=True) for one in tools])) < 6000


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_is_short_and_begins_with_its_doubts(session, name):
    told = session[1][name]
    assert not told.startswith("error"), told
    head, rule, rest = told.partition("\n\n---\n\n")
    assert rule
    assert head.startswith("- as of")
    assert len(told) <= CHARACTERS + 10
    assert "run://" in rest.splitlines()[-1]


def test_the_parts_are_those_of_the_record(session):
    told, parts = session[1], session[3]
    assert parts["exposure"][0]["lot_id"] == "GA-1"
    assert parts["cover"][0]["stock"] == 80
    assert f"{parts['cover'][0]['days']:.0f}" in told["cover"]
    assert any(one["instrument"] == "licence" for one in parts["controls"])
    assert "No. 23/2023" in told["controls"]


@pytest.mark.parametrize("key", REFUSED)
def test_what_cannot_be_answered_says_why_and_what_to_do(session, key):
    told = session[2][key]
    assert told.startswith("error (")
    assert len(told.splitlines()) >= 2
    assert "secret" not in told.replace("../secret.csv", "")


def test_only_the_last_records_are_kept(tmp_path):
    agent = Agent(tmp_path)
    context = agent.context("2026-11-24")
    for metal in ("gallium", "germanium"):
        for to in (
            "DEU",
            "USA",
            "JPN",
            "CHE",
            "FRA",
            "GBR",
            "ITA",
            "ESP",
            "NLD",
            "BEL",
            "AUT",
            "POL",
            "SWE",
            "FIN",
            "DNK",
            "NOR",
            "IRL",
        ):
            route: answers.Route = {"destination": to, "end_user": "civil", "size": None, "origin": "CHN", "purity": None}
            agent.told(answers.controls(context, metal, None, route, context.as_of), document)
    assert len(agent.records) == KEPT
    with pytest.raises(DataError, match="no answer"):
        agent.part("0" * 10, "measures")
    with pytest.raises(DataError, match="no part"):
        agent.part(next(iter(agent.records)), "nothing")


def test_the_skill_is_short_and_its_commands_are_there():
    told = (ROOT / "toolkit" / "SKILL.md").read_text(encoding="utf-8")
    assert len(told.splitlines()) <= 60
    named = {words.split()[1] for words in re.findall(r"`(toolkit [a-z][^`]*)`", told)}
    there = {info.name.rstrip("_") for info in pkgutil.iter_modules(cli.__path__)}
    assert named <= there
    assert {"controls", "exposure", "optimize", "cover", "performance"} <= named
