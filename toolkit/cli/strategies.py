"""`toolkit strategies list|show|evidence|check`."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common, without_prices
from toolkit.cli.terminal import print_json, progress, say
from toolkit.cli.terminal import show as show_answer
from toolkit.core.messages import message
from toolkit.core.text import printable

app = typer.Typer(help="Strategies: list, show and check them.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@without_prices
def list_strategies(*, common: Common) -> None:
    """Every strategy, its idea, and where it came from."""
    from toolkit.app.definitions import definitions
    from toolkit.app.strategies.evidence import evidence_of
    from toolkit.core.decode import read_toml
    from toolkit.core.errors import ToolkitError
    from toolkit.records.evidence import EvidenceState
    from toolkit.records.lists import StrategyFile, StrategyList
    from toolkit.report.topics.evidence import strategies as document
    from toolkit.strategy.decode import load_strategy

    rows = []
    for definition in definitions("strategies"):
        about = read_toml(definition.path).get("about", {})
        title = about.get("title", "")
        try:
            evidence = evidence_of(load_strategy(definition.path).fingerprint, common.day())
        except ToolkitError:  # a file with faults is listed too: `check` tells them
            evidence = None
        state = evidence and EvidenceState.from_objects(evidence)
        where = {"origin": definition.origin, "path": str(definition.path)}
        rows.append(StrategyFile(name=definition.name, title=title, evidence=state, **where))
    found = StrategyList(strategies=tuple(rows))
    show_answer(common, found, lambda found, say: document(found, common.day(), say))


@app.command("show")
@partial(without_prices, formats=("terminal", "json"))
def show(name: Annotated[str, typer.Argument(help="Name or path.")], *, common: Common) -> None:
    """One strategy as its TOML, which `> mine.toml` copies; with --json every setting with its default."""
    from toolkit.app.definitions import find
    from toolkit.app.languages import language
    from toolkit.app.strategies.evidence import evidence_of
    from toolkit.app.strategies.own_files import read_strategy
    from toolkit.report.i18n.text import plain
    from toolkit.report.topics.evidence import following, verdict

    definition = find("strategies", name)
    strategy = read_strategy(definition.path)
    evidence = evidence_of(strategy.fingerprint, common.day())
    if common.json:
        print_json(
            {
                "name": strategy.name,
                "origin": definition.origin,
                "path": str(definition.path),
                "fingerprint": strategy.fingerprint,
                "about": strategy.about.model_dump(),
                "evidence": evidence and evidence.to_json(),
                **strategy.canonical(),
            },
            common.part,
        )
        return
    say(
        message(
            "{name:s} ({origin}: {path:s}), fingerprint {fingerprint:s}",
            name=strategy.name,
            origin=definition.origin,
            path=str(definition.path),
            fingerprint=strategy.fingerprint,
        ),
        common,
    )
    if evidence is not None:
        speak = language(common.language())
        for sentence in (verdict(speak, evidence), *following(speak, evidence)):
            say(plain(sentence), common)
    sys.stdout.write(printable(definition.path.read_text(encoding="utf-8-sig")))


@app.command("evidence")
@with_common
def evidence(
    names: Annotated[list[str] | None, typer.Argument(metavar="[STRATEGY...]", help="Names; default: every one.")] = None,
    *,
    write: Annotated[
        str | None, typer.Option("--write", metavar="FILE", help="Follow them anew on past prices, and store the answer there.")
    ] = None,
    common: Common,
) -> None:
    """Tell whether what would refute each strategy came true, and what following it cost and earned, from stored figures."""
    from pathlib import Path

    from toolkit.app.definitions import definitions
    from toolkit.app.strategies.evidence import stored_of, written
    from toolkit.cli.request import request_of
    from toolkit.report.topics.evidence import document

    asked = names or [definition.name for definition in definitions("strategies")]
    if write is None:
        found = stored_of(asked, common.day())
    else:
        from toolkit.app.backtest.evidence import compute

        request = request_of(common, asked[0], None, budget=None, holdings=None)
        with progress(message("Deciding on past days"), common):
            found = compute(request, asked)
        written(found, Path(write))
    show_answer(common, found, document)


@app.command("check")
@with_common
def check(name: Annotated[str, typer.Argument(help="Name or path.")], *, common: Common) -> None:
    """Tell every fault of a strategy at once, in its file and where it meets the data; exit 2 when there is one."""
    from toolkit.app.strategies.evidence import check as checked
    from toolkit.cli.request import request_of
    from toolkit.records.lists import StrategyCheck
    from toolkit.report.topics.evidence import strategy_check as document

    strategy = checked(request_of(common, name, None, budget=None, holdings=None)).strategy
    found, count = StrategyCheck(name=strategy.name, fingerprint=strategy.fingerprint, faults=()), len(strategy.constraints)
    show_answer(common, found, lambda found, say: document(found, count, common.day(), say))


@app.command("language")
@partial(without_prices, formats=("terminal", "json", "markdown"))
def language(
    name: Annotated[
        str | None, typer.Argument(help="A kind, a table or a measure, for instance risk_limit, costs or cvar.")
    ] = None,
    *,
    common: Common,
) -> None:
    """Everything that a strategy may say: every table and kind, with its keys, types and defaults, as Markdown."""
    from toolkit.app.strategies import language as spoken
    from toolkit.core.errors import SpecError, did_you_mean
    from toolkit.records.lists import LanguageList

    entries = spoken.language()
    if name is not None:
        known = [known for entry in entries for known in spoken.names(entry)]
        entries = spoken.named(entries, name)
        if not entries:
            raise SpecError(
                "no table, kind or measure of a strategy is named {name!r:s}.", hint=did_you_mean(name, known), name=name
            )
    if common.json:
        print_json(LanguageList(language=entries).to_json(), common.part)
    else:
        typer.echo(spoken.markdown(entries))
