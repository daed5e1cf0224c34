"""The door for agents: answers as short Markdown with their doubts first, and the whole record part by part.

Every tool reads; none writes, and none asks a network. Files are those below one folder.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.languages import language
from toolkit.core.errors import DataError, ToolkitError
from toolkit.core.messages import message
from toolkit.records.base import Record
from toolkit.report.document import Document
from toolkit.report.formats.markdown import markdown
from toolkit.report.i18n.language import Language

if TYPE_CHECKING:
    from mcp.server import MCPServer

CHARACTERS = 4200
"""Of an answer: at most 1,500 tokens, of which tables have one for three characters and sentences one for four."""
WARNINGS = 6
KEPT = 32
"""Records whose parts can be read."""
INSTRUCTIONS = (
    "Strategic metals: export controls, holdings, allocations, performance, cover. Read the lines above the rule first: as of "
    "when, how far the law was reviewed, what is doubtful. A figure told without its doubt is a wrong answer. No part of it is "
    "legal, tax or investment advice, and nothing forecasts a price. run://ID/PART has a part of the record in full. Say a "
    "metal by name or symbol, a country by name or ISO code, a file by its path in the working folder."
)

Compose = Callable[[Any, Language], Document]
Answered = tuple[Record, Compose]
"""A record, and its document in a language."""


@dataclass(slots=True)
class Agent:
    """What an agent can ask.

    Attributes:
        folder: Files below it alone are read.
        records: Records of the last answers by their id.
    """

    folder: Path
    records: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def context(self, as_of: str | None = None, country: str | None = None, currency: str | None = None) -> Context:
        """Settings, day and market.

        Args:
            as_of: ISO date; None for today.
            country: The owner's; None for that of the settings.
            currency: Of money; likewise.
        """
        day = date.today() if as_of is None else _day(as_of)
        settings = resolve({"owner.country": country, "owner.currency": currency})
        return Context(settings, day, None, date.today())

    def file(self, name: str) -> str:
        """The path of a file below the folder, with the sheet that may stand behind it.

        Raises:
            DataError: for a file elsewhere, and for one that is not there.
        """
        path, sign, sheet = name.partition("#")
        found = (self.folder / path).resolve()
        if not found.is_relative_to(self.folder.resolve()) or not found.is_file():
            raise DataError(
                "no file {name:s} is below the working folder.", hint="Name a file that is there, without links.", name=name
            )
        return f"{found}{sign}{sheet}"

    def told(self, found: Record, compose: Compose) -> str:
        """An answer: its doubts, then as much of it as fits, then where the rest is.

        Args:
            found: The record.
            compose: Its document in a language.
        """
        say = language("en")
        whole = found.to_json()
        key = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:10]
        self.records[key] = whole
        while len(self.records) > KEPT:
            del self.records[next(iter(self.records))]
        head, parts = _doubts(whole), [name for name, value in whole.items() if isinstance(value, list | dict) and value]
        foot = f"run://{key}/PART for: {', '.join(name for name in parts if name not in ('phrases', 'remarks'))}"
        shown, left = list[str](), CHARACTERS - len(head) - len(foot)
        for block in markdown(compose(found, say), say).replace("\u00a0", " ").split("\n\n"):
            if len(block) + 2 > left:
                shown.append("(shortened: read the parts)")
                break
            shown.append(block)
            left -= len(block) + 2
        return "\n\n".join([head, "---", *shown, "---", foot])

    def part(self, key: str, name: str) -> str:
        """A part of a record as JSON.

        Raises:
            DataError: for an answer that is not kept, and for a part that it does not have.
        """
        if key not in self.records:
            raise DataError("no answer {key:s} is kept.", hint="Ask again: its id is at the end.", key=key)
        if name not in self.records[key]:
            parts = ", ".join(self.records[key])
            raise DataError("no part {name:s}.", hint="It has {parts:s}.", name=name, parts=parts)
        return json.dumps(self.records[key][name], ensure_ascii=False, indent=1)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DataError("{text:s} is no date.", hint="Write it as 2026-05-31.", text=text) from None


def _doubts(whole: Mapping[str, Any]) -> str:
    """What to know before any figure: the day, how far the law was reviewed, and the warnings, heaviest first."""
    lines = [f"as of {whole.get('as_of', 'today')}"]
    if reviewed := whole.get("reviewed_to"):
        lines.append(f"law reviewed to {reviewed}; later acts are not in it")
    warnings = list(whole.get("warnings") or ())
    lines += [f"warning: {str(one)[:300]}" for one in warnings[:WARNINGS]]
    lines += [f"{len(warnings) - WARNINGS} more warnings"] if len(warnings) > WARNINGS else []
    lines += [f"law of the origin in the ledger: {whole['coverage']}"] if isinstance(whole.get("coverage"), str) else []
    return "\n".join(f"- {line}" for line in lines)


def server(folder: Path) -> MCPServer:
    """The server of the Model Context Protocol over the tools.

    Args:
        folder: Files below it alone are read.

    Raises:
        DataError: where the extra ``agent`` is not installed.
    """
    try:
        from mcp.server import MCPServer  # noqa: PLC0415  # an extra
        from mcp.types import ToolAnnotations  # noqa: PLC0415
    except ImportError:
        told = message("the door for agents needs the package mcp.")
        raise DataError(told, hint="pip install 'strategic-metals-toolkit[agent]'") from None
    agent, reads = Agent(folder), ToolAnnotations(read_only_hint=True, open_world_hint=False)
    found = MCPServer("strategic-metals-toolkit", instructions=INSTRUCTIONS)

    def tool(function: Callable[..., Answered]) -> None:
        """Offer a function as a tool whose errors are answers: what is wrong, and what to do."""

        @functools.wraps(function)
        def answered(*args: Any, **kwargs: Any) -> str:
            try:
                return agent.told(*function(*args, **kwargs))
            except ToolkitError as error:
                return f"error ({error.kind}): {error.message}\n{error.hint or ''}"

        answered.__annotations__["return"] = str
        found.add_tool(answered, annotations=reads, structured_output=False)

    for one in _tools(agent):
        tool(one)

    @found.resource("run://{key}/{part}", mime_type="application/json")
    def part(key: str, part: str) -> str:
        """A part of the record behind an answer, whole."""
        try:
            return agent.part(key, part)
        except DataError as error:
            return json.dumps({"error": str(error)})

    return found


def _tools(agent: Agent) -> tuple[Callable[..., Answered], ...]:
    """The questions, each with the document of its answer."""

    def controls(
        metal: str,
        to: str | None = None,
        origin: str = "CHN",
        form: str | None = None,
        end_user: str = "civil",
        as_of: str | None = None,
    ) -> Answered:
        """Which export controls stand on a metal going to a country (default: the owner's), form by form; law first."""
        from toolkit.app.controls import answers  # noqa: PLC0415  # each is loaded by its tool alone
        from toolkit.controls.events import EUROPEAN_UNION, end_user_of  # noqa: PLC0415
        from toolkit.report.topics.controls import document  # noqa: PLC0415

        context = agent.context(as_of)
        route: answers.Route = {
            "destination": answers.check_country(to or context.settings.config.owner.country, "to"),
            "end_user": end_user_of(end_user),
            "size": None,
            "origin": answers.check_country(origin, "origin", EUROPEAN_UNION),
            "purity": None,
        }
        return answers.controls(context, metal, form, route, context.as_of), document

    def exposure(holdings: str, client: str | None = None, as_of: str | None = None) -> Answered:
        """Of a file of lots or movements: what is stored safe, what may fail to arrive, what may not be resold, worth what."""
        from toolkit.app.holdings.exposure import ExposureRequest, expose  # noqa: PLC0415
        from toolkit.app.subjects import holdings_of  # noqa: PLC0415
        from toolkit.report.compose import needed  # noqa: PLC0415
        from toolkit.report.topics.holdings import ANSWER, document  # noqa: PLC0415

        request = ExposureRequest(agent.file(holdings), agent.context(as_of), client=client)
        answer = expose(request)
        subject = holdings_of(answer, request, needed(ANSWER))
        return answer, lambda _, say: document(subject.record, subject.parts, answer.reading, say)

    def optimize(
        strategy: str = "physical-basket", budget: float = 100_000.0, holdings: str | None = None, as_of: str | None = None
    ) -> Answered:
        """What to buy of physical metal in whole lots for a budget, beside what is held; not a forecast of returns."""
        from toolkit.app.allocation.request import Request  # noqa: PLC0415
        from toolkit.app.optimize import optimize as answer_of  # noqa: PLC0415
        from toolkit.report.topics.allocation import document  # noqa: PLC0415

        context = agent.context(as_of)
        settings = resolve({"owner.budget": budget})
        held = None if holdings is None else agent.file(holdings)
        request = Request(strategy, Context(settings, context.as_of, None, date.today()), budget_given=True, holdings=held)
        return answer_of(request).record, document

    def performance(movements: str, client: str | None = None, as_of: str | None = None) -> Answered:
        """What purchases and sales earned: value, gain by its causes, IRR and TWR with intervals, by metal and lot."""
        from toolkit.app.performance import PerformanceRequest  # noqa: PLC0415
        from toolkit.app.performance import performance as answer_of  # noqa: PLC0415
        from toolkit.report.topics.performance import document  # noqa: PLC0415

        return answer_of(PerformanceRequest(agent.file(movements), agent.context(as_of), None, client)), document

    def cover(
        holdings: str, needs: str, quotes: str | None = None, licences: str | None = None, as_of: str | None = None
    ) -> Answered:
        """When metal that is used runs out, how probable that is, and which quotations to order."""
        from toolkit.app.cover import CoverRequest  # noqa: PLC0415
        from toolkit.app.cover import cover as answer_of  # noqa: PLC0415
        from toolkit.report.topics.cover import document  # noqa: PLC0415

        quoted = [] if quotes is None else [agent.file(quotes)]
        applied = None if licences is None else agent.file(licences)
        return answer_of(CoverRequest(agent.file(holdings), agent.file(needs), agent.context(as_of), quoted, applied)), document

    def flows(metal: str, as_of: str | None = None) -> Answered:
        """Customs flows of a metal: recent change, months at zero, collapse, diversion, effect of controls."""
        from toolkit.app.topics.flows import flows as answer_of  # noqa: PLC0415
        from toolkit.report.topics.flows import document  # noqa: PLC0415

        return answer_of(agent.context(as_of), metal, None), document

    def propose_layout(file: str, answers: dict[str, str] | None = None) -> Answered:
        """How each column of a holdings file would be read, and what is to be asked of its owner before it is used."""
        from toolkit.app.holdings.check import map_holdings  # noqa: PLC0415
        from toolkit.report.topics.files import mapped  # noqa: PLC0415

        context = agent.context()
        found = map_holdings(agent.file(file), context, answers=answers or {})
        return found.record(None), lambda record, say: mapped(record, context.as_of, say)

    return controls, exposure, optimize, performance, cover, flows, propose_layout
