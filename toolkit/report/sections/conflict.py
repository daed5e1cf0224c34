"""Why there is no answer: the limits that contradict each other, what each asks, and the least that would give way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.records.conflict import AskedLimit, Conflict, ConflictDetails
from toolkit.report.compose import section
from toolkit.report.document import Block, Figure, Heading, KeyFigure, KeyFigures, Paragraph, Status, Table, left
from toolkit.report.findings import Findings
from toolkit.report.i18n.asked import asked, changed, side_asked, step
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import of_strategy
from toolkit.report.i18n.text import NONE, Inline, Text, name, plain, sentences, strong, text
from toolkit.report.sections.limits import NAMELESS
from toolkit.report.topics.measures import doubts

INDIVISIBLE = ("lots", "min_ticket")
"""Kinds of constraints that a larger budget makes easier to hold."""
LIMITS_NAMED = 2
"""Limits that give way and are all named in the paragraph; of more it names the one that gives most."""


@dataclass(frozen=True, slots=True)
class Move:
    """The least by which a limit gives way.

    Attributes:
        name: Of the limit.
        until: What it would ask then.
        by: How far that is; None where there is no number for it.
    """

    name: str
    until: Text
    by: Text | None


@section("no-answer", "", needs=["conflict"])
def no_answer(run: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, key figures and status line of a run without an answer."""
    say = run.say
    return (
        Heading(_result(run)),
        Paragraph(sentences(*_paragraph(run)), "answer"),
        KeyFigures(tuple(_figures(run))),
        Status(
            (
                (say.words("Status"), say("no answer") if _details(run).proven else say("none found; the search is local")),
                *doubts(run),
            )
        ),
    )


@section("conflict", mark("Why there is no answer"), needs=["conflict"])
def conflict(run: Findings) -> tuple[Block, ...]:
    """The table of the limits concerned."""
    return (_table(run),)


def _details(run: Findings) -> ConflictDetails:
    return run.needed(Conflict).conflict.details


def _relaxation_known(run: Findings) -> bool:
    """Whether a relaxation, or that there is none, was found."""
    known, proven = _details(run).relaxation_known, _details(run).proven
    return proven if known is None else known


def _known(run: Findings) -> Mapping[str, AskedLimit]:
    """The limits of the strategy by name, as its file states them."""
    return {limit.name: limit for limit in run.needed(Conflict).conflict.limits}


def _named(run: Findings, names: Sequence[str]) -> list[Inline]:
    say = run.say
    return [say("the volatility that the objective sets") if n == NAMELESS else _quoted(run, n) for n in names]


def _quoted(run: Findings, words: str) -> Text:
    """The name of a limit, apart from the sentence around it."""
    return run.say("“{name}”", name=of_strategy(words, run.say))


def _asking(run: Findings, limit_name: str) -> Inline:
    """A limit in conflict with what it asks."""
    (label,) = _named(run, [limit_name])
    limit = _known(run).get(limit_name)
    return run.say("{limit} ({asked})", limit=label, asked=asked(run, limit)) if limit else label


def _indivisible(run: Findings) -> bool:
    """Whether whole lots or smallest amounts are part of the conflict."""
    known = _known(run)
    return any(known[n].kind in INDIVISIBLE for n in _details(run).conflict if n in known)


def _result(run: Findings) -> Text:
    if not _details(run).proven:
        return run.say("No allocation was found that meets the limits of this strategy")
    if _indivisible(run):
        return run.say("No allocation in whole lots meets the limits of this strategy")
    return run.say("No allocation meets the limits of this strategy")


def _paragraph(run: Findings) -> Iterator[Text]:
    """Which limits contradict each other, the least that would give way, and what was known of the law."""
    say, names = run.say, _details(run).conflict
    told = say.listed([_asking(run, n) for n in names])
    if not _details(run).proven:
        yield say("The search ended at the limits {names}. It is local, so this is no proof that there is none.", names=told)
    elif names:
        yield say.counted(
            len(names),
            "{N} limit cannot hold, whatever the others ask: {names}.",
            "{N} limits contradict each other: {names}.",
            names=told,
        )
        if len(names) > 1:
            fewer = say("Any fewer of them can be met together.")
            unknown = say("Whether fewer of them conflict already was not found out.")
            yield fewer if _details(run).irreducible else unknown
    else:
        yield run.sentence(run.needed(Conflict).conflict.message)
    if assets := run.needed(Conflict).assets:
        held = say.listed([run.metal(run.product(key)) for key in assets])
        yield say.counted(
            len(assets),
            "The strategy can hold {n} asset: {assets}.",
            "The strategy can hold {n} assets: {assets}.",
            assets=held,
        )
    if told := _details(run).not_sold:
        yield run.sentence(told)
    moves = _moves(run)
    if len(moves) > LIMITS_NAMED:
        most = say.counted(
            len(moves) - 1,
            "{most}; one more limit moves, by less.",
            "{most}; {n} more limits move, each by less.",
            most=_moved(run, _largest(run, moves)),
        )
        yield text(_enough(run), " ", most)
    elif moves:
        yield text(_enough(run), " ", say.listed([_moved(run, move) for move in moves]), ".")
    elif _relaxation_known(run):
        yield say("No limit can give way far enough; one of them would have to be dropped.")
    else:
        yield say("By how much a limit would have to give way was not found.")
    if _indivisible(run):
        yield say("A larger budget makes lots and smallest amounts easier to hold.")


def _enough(run: Findings) -> Text:
    """What introduces the limits that give way."""
    say = run.say
    least = say("The least that would have to give way:")
    return least if _details(run).relaxation_least else say("What is enough to give way, and less may be:")


def _moved(run: Findings, move: Move) -> Text:
    (label,) = _named(run, [move.name])
    return run.say("{limit} {asked}", limit=label, asked=strong(plain(move.until)))


def _largest(run: Findings, moves: Sequence[Move]) -> Move:
    sizes = _details(run).relaxation
    return max(moves, key=lambda move: sizes.get(move.name, 0.0))


def _moves(run: Findings) -> list[Move]:
    """The limits that give way, those in conflict first, each by how much."""
    details, known = _details(run), _known(run)
    order = [*details.conflict, *details.relaxation, *known]
    found = []
    for limit in (known[n] for n in dict.fromkeys(order) if n in known):
        for key, new in changed(details.settings, limit):
            found.append(Move(limit.name, side_asked(run, limit, key, new), step(run, limit, key, new)))
    return found


def _figures(run: Findings) -> Iterator[KeyFigure]:
    """Limits in conflict, what gives way most, and the money that was to be placed."""
    say, fmt, known = run.say, run.fmt, _known(run)
    names = _details(run).conflict
    total = max(len(known), len(names))
    value = say("{n} of {total}", n=fmt.number(len(names)), total=total)
    yield KeyFigure(say.words("Limits in conflict"), value, say.listed(_named(run, names)))
    moves = _moves(run)
    if moves:
        most = _largest(run, moves)
        (label,) = _named(run, [most.name])
        note = say("of {total} limits that would move, most: {limit} {asked}", total=len(moves), limit=label, asked=most.until)
        if len(moves) == 1:
            note = say("{limit} {asked}", limit=label, asked=most.until)
        label = say.words("Least relaxation") if _details(run).relaxation_least else say.words("Relaxation")
        yield KeyFigure(label, text(most.by or NONE), note)
    else:
        note = say("no limit can give way far enough") if _relaxation_known(run) else say("not found")
        yield KeyFigure(say.words("Least relaxation"), text(NONE), note)
    budget = run.needed(Conflict).budget
    yield KeyFigure(say.words("Budget"), text(run.money(budget)), say("stays as it is: nothing is proposed"))


def _table(run: Findings) -> Figure:
    """Every limit that is part of the conflict or gives way, what it asks and what it would ask."""
    say, details, known = run.say, _details(run), _known(run)
    moves = _moves(run)
    names = [*dict.fromkeys([*details.conflict, *(move.name for move in moves)])]
    own = {n: [move for move in moves if move.name == n] for n in names}
    least = details.relaxation_least
    table = run.table(
        say("Limits in conflict, and the least relaxation") if least else say("Limits in conflict, and a relaxation"),
        names,
        left("Limit", lambda n: say("Volatility, set by the objective") if n == NAMELESS else of_strategy(n, say)),
        left("Asks", lambda n: asked(run, known[n]) if n in known else NONE),
        left("In the conflict", lambda n: say("yes") if n in details.conflict else say("no, but gives way too")),
        left(
            "Would ask", lambda n: say.listed([text(strong(plain(move.until))) for move in own[n]]) if own[n] else NONE, "Then"
        ),
        left("Gives way by", lambda n: say.listed([move.by or NONE for move in own[n]]) if own[n] else NONE, "By"),
    )
    smallest = say(
        "Each limit as the strategy states it, and the smallest change of all of them together that leaves an answer."
    )
    sub = (
        smallest if least else say("Each limit as the strategy states it, and a change of them together that leaves an answer.")
    )
    return Figure(_finding(run, moves), sub, (table,), source=say("Own calculation."), data=_settings(run))


def _finding(run: Findings, moves: Sequence[Move]) -> Text:
    say = run.say
    if not moves:
        known = _relaxation_known(run)
        return say("No limit can give way far enough") if known else say("By how much a limit must give way was not found")
    touched = [*dict.fromkeys(move.name for move in moves)]
    return say.counted(
        len(touched),
        "It is enough that {n} limit gives way: {names}",
        "It is enough that {n} limits give way together: {names}",
        names=say.listed(_named(run, touched)),
    )


def _settings(run: Findings) -> Table | None:
    """The change as the toolkit takes it, for who runs the strategy again."""
    settings = [setting.rpartition("=") for setting in _details(run).settings]
    if not settings:
        return None
    return run.table(
        "Settings that leave an answer",
        settings,
        left("Setting", lambda setting: name(setting[0])),
        left("Value", lambda setting: name(setting[2])),
        stacks=False,
    )
