"""Whether a lot can be sold on: kinds of lots by buyer, and the law behind each answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Literal

from toolkit.controls.coverage import NOT_COVERED
from toolkit.core.countries import UNKNOWN_ORIGIN
from toolkit.core.grouping import by_key
from toolkit.holdings.resale import LICENCE, NO, NOT_SETTLED, PERMIT, SUSPENDED_NO, YES
from toolkit.records.resale import Buyer, LotGroup, Resale, ResaleAnswer, ResaleMeasure
from toolkit.records.subjects import Holdings
from toolkit.report.compose import section
from toolkit.report.document import Block, Figure, Line, Matrix, State, Table, left
from toolkit.report.findings import Findings, is_confirmed
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import origin, short_country
from toolkit.report.i18n.text import Text, joined, name, plain, sentences, sources, text
from toolkit.report.markers import ORIGIN
from toolkit.report.topics.measures import review, why_unconfirmed

BAN = "ban"
SOON = 120
"""Days ahead within which the end of a suspension is told as urgent."""
NOTICES_NAMED = 3
"""Notices that a sentence names; further ones are counted."""
BUYER: Mapping[str, str] = {
    "civil": mark("{place}, civil"),
    "military": mark("{place}, military"),
    "listed": mark("{place}, listed firms"),
}
"""Heads of the columns by end user."""
LEGEND = (
    ("on", mark("No")),
    ("suspended", mark("Yes today: the ban is suspended")),
    ("uncertain", mark("Licence or permit, not settled, or law not covered")),
    ("clear", mark("Yes: nothing known against it")),
)
ANSWER: Mapping[str, str] = {
    NO: mark("No"),
    LICENCE: mark("Licence"),
    NOT_SETTLED: mark("Not settled"),
    SUSPENDED_NO: mark("Yes today"),
    PERMIT: mark("Permit"),
    NOT_COVERED: mark("Not covered"),
    YES: mark("Yes"),
}
MARKS: Mapping[str, Literal["on", "suspended", "uncertain", "clear"]] = {
    NO: "on",
    SUSPENDED_NO: "suspended",
    LICENCE: "uncertain",
    NOT_SETTLED: "uncertain",
    PERMIT: "uncertain",
    NOT_COVERED: "uncertain",
    YES: "clear",
}
LINE: Mapping[str | None, tuple[str, str]] = {
    BAN: (
        mark("{metals} of unknown origin, not known to have left: export ban"),
        mark("{metals} from {place}, not known to have left: export ban"),
    ),
    LICENCE: (
        mark("{metals} of unknown origin, not known to have left: licence first"),
        mark("{metals} from {place}, not known to have left: licence first"),
    ),
    None: (mark("{metals} of unknown origin"), mark("{metals} from {place}")),
}
"""The head of a line by what keeps its lots where they are: of unknown origin, and of a known one."""
GRAVITY = tuple(ANSWER)
"""Answers, gravest first."""
ACT = re.compile(r"^\w+ (\(EU\))")
"""A regulation as it begins in a cell, where its number is enough; its name stands in the table of legal bases."""
Merged = tuple[tuple[State, ...], list[LotGroup]]


@section("resale", mark("Can it be sold on?"), needs=["exposure", "resale"])
def resale(run: Findings) -> tuple[Block, ...]:
    """The matrix of what is held and who may buy it, with its legal basis as data."""
    part, say = run.part(Resale), run.say
    merged = _merged(run, part.groups)
    columns = tuple((head, head) for head in (_buyers(run, buyers) for buyers in _columns(part)))
    alike = by_key(merged)
    lines = tuple(
        Line(_symbols(chain(*kinds)), joined([_names(run, groups) for groups in kinds], "; "), _states(run, part, kinds[0][0]))
        for kinds in alike.values()
    )
    matrix = Matrix(say.words("Answer by lot and buyer"), say.words("Metal, form and origin"), columns, lines)
    drawn = {state.mark for line in lines for state in line.states if state}
    legend = tuple((css, say.words(words)) for css, words in LEGEND if css in drawn)
    foot = sentences(*_source(run, part.groups))
    return (Figure(_finding(run, part), () if run.short else _sub(run), (matrix,), legend, foot, _basis(run, part, merged)),)


def _sub(run: Findings) -> Text:
    sub = run.say(
        "On {day}: the export law of where a lot lies or comes from, and the measures of China that single out a buyer. These "
        "follow Chinese metal wherever it is stored, and the notices claim liability of whoever passes it on.",
        day=run.fmt.long_date(run.as_of),
    )
    return text(sub, " ", reviewed) if (reviewed := review(run)) else sub


def _finding(run: Findings, part: Resale) -> Text:
    """How much of the value is barred from a buyer, and whether a suspended ban stands behind a yes."""
    say, exposure = run.say, run.needed(Holdings).exposure
    barred, total = exposure.resale_restricted, exposure.value
    ends = sorted({m.until for g in part.groups for a in g.answers if a.answer == SUSPENDED_NO for m in a.measures if m.until})
    if banned := [g for g in part.groups if _obstacle(g) == BAN]:
        share = run.fmt.percent(sum(g.value or 0.0 for g in banned) / total if total else None, 0)
        return say("{share} of value is under an export ban: to no buyer abroad while it has not left", share=share)
    if not barred.value:
        return _unvalued(run, part, ends)
    share = run.fmt.percent(barred.value / total, 0)
    if ends:
        return say(
            "{share} of value is barred from some buyers; a further ban is suspended until {day}",
            share=share,
            day=run.fmt.long_date(ends[0]),
        )
    return say("{share} of value is barred from some of the buyers that notices single out", share=share)


def _unvalued(run: Findings, part: Resale, ends: Sequence[str]) -> Text:
    """The finding where no value of known origin is barred: what would be, and what is not settled."""
    say, exposure = run.say, run.needed(Holdings).exposure
    barred, unknown, total = exposure.resale_restricted, exposure.resale_unknown_origin, exposure.value
    if unknown.value:
        share = run.derived(run.fmt.percent(unknown.value / total, 0), ORIGIN, marked=False)
        if ends:
            return say(
                "{share} of value is barred from some buyers if it is from China; a further ban is suspended until {day}",
                share=share,
                day=run.fmt.long_date(ends[0]),
            )
        return say("{share} of value is barred from some buyers if it is from China", share=share)
    if barred.lots:
        return say.counted(
            barred.lots,
            "{N} lot without a price is barred from some of the buyers that notices single out",
            "{N} lots without a price are barred from some of the buyers that notices single out",
        )
    if open_ones := sum(g.value or 0.0 for g in part.groups if any(a.answer == NOT_SETTLED for a in g.answers)):
        share = run.fmt.percent(open_ones / total if total else None, 0)
        return say("Whether {share} of value may be passed on to some buyers is not settled", share=share)
    return say("No lot of known origin is barred from the buyers that notices single out")


def _buyer(run: Findings, buyer: Buyer) -> str:
    return run.say.words(BUYER[buyer.end_user], place=short_country(buyer.destination, run.say))


def _columns(part: Resale) -> list[list[Buyer]]:
    """Buyers by column: one each, and last those that are named on lists, of all countries together."""
    named = [buyer for buyer in part.buyers if buyer.end_user == "listed"]
    return [*([buyer] for buyer in part.buyers if buyer.end_user != "listed"), *([named] if named else [])]


def _buyers(run: Findings, buyers: Sequence[Buyer]) -> str:
    """The head of a column."""
    if len(buyers) == 1:
        return _buyer(run, buyers[0])
    places = run.say.series([short_country(buyer.destination, run.say) for buyer in buyers])
    return run.say.words("Listed firms: {places}", places=places)


def _states(run: Findings, part: Resale, group: LotGroup) -> tuple[State, ...]:
    """The cells of a line: of buyers in one column the gravest answer, with the measures behind the answers of all."""
    by_buyer = {(b.destination, b.end_user): a for b, a in zip(part.buyers, group.answers, strict=True)}
    lots = [
        lot
        for lot in run.needed(Holdings).exposure.lots
        if (lot.asset, lot.form, lot.origin) == (group.asset, group.form, group.origin)
    ]
    barring = {(one.destination, one.end_user) for lot in lots for one in lot.resale if one.certainty != "named"}
    cells = []
    for buyers in _columns(part):
        answers = [by_buyer[buyer.destination, buyer.end_user] for buyer in buyers]
        gravest = min(answers, key=lambda answer: GRAVITY.index(answer.answer))
        measures = {m.event_id: m for one in answers if one.answer == gravest.answer for m in one.measures}
        laws = tuple(dict.fromkeys(law for one in answers for law in one.not_in_ledger))
        shown = gravest.model_copy(update={"measures": tuple(measures.values()), "not_in_ledger": laws})
        state = _state(run, shown, supposed=group.supposed)
        # A licence comes first whoever buys; of a form that no notice settles a bar on this buyer may come with it.
        if gravest.answer == LICENCE and any((buyer.destination, buyer.end_user) in barring for buyer in buyers):
            state = replace(state, words=run.say.words("{words}; perhaps barred", words=state.words))
        cells.append(state)
    return tuple(cells)


def _merged(run: Findings, groups: Sequence[LotGroup]) -> list[Merged]:
    """Kinds of lots of one origin with the same answers in one line; those with most against them first."""
    found: dict[tuple[str, str | None, tuple[State, ...]], list[LotGroup]] = {}
    for group in groups:
        states = tuple(_state(run, answer, supposed=group.supposed) for answer in group.answers)
        found.setdefault((group.origin, _obstacle(group), states), []).append(group)
    weight = {"on": 4, "suspended": 3, "uncertain": 2, "clear": 0}
    order = sorted(found.items(), key=lambda item: -sum(weight[state.mark] for state in item[0][2]))
    return [(states, members) for (*_, states), members in order]


def _state(run: Findings, answer: ResaleAnswer, *, supposed: bool) -> State:
    """One cell: the answer in a word, the first measure behind it, and the laws that the ledger does not cover.

    Args:
        run: The findings.
        answer: Whether the lots may go to the buyer.
        supposed: Whether it rests on an origin that was assumed: then nothing is firm.
    """
    state = _by_measure(run, answer)
    if answer.measures and answer.not_in_ledger:
        told = run.say.words("{words}; {law}", words=state.words, law=_uncovered(run, answer))
        state = replace(state, words=told, brief="")
    if supposed and answer.answer not in (YES, NOT_SETTLED, NOT_COVERED):
        return replace(state, mark="uncertain", number=run.say.words("Perhaps: {words}", words=state.number), urgent=False)
    return state


def _uncovered(run: Findings, answer: ResaleAnswer) -> str:
    """The export laws of an answer that the ledger does not cover."""
    if UNKNOWN_ORIGIN in answer.not_in_ledger:
        return run.say.words("law of an unknown origin")
    places = run.say.series([short_country(place, run.say) for place in answer.not_in_ledger])
    return run.say.words("law of {places} not covered", places=places)


def _by_measure(run: Findings, answer: ResaleAnswer) -> State:
    say, fmt, kind = run.say, run.fmt, answer.answer
    if kind == YES:
        return State("clear", say.words(ANSWER[YES]), "")
    if not answer.measures:
        return State("uncertain", say.words(ANSWER[kind]), _uncovered(run, answer))
    first, more = answer.measures[0], len(answer.measures) - 1
    number = ACT.sub(r"\1", _number(run, first))
    if more:
        number = say.words("{number} and {more} more", number=number, more=more)
    if kind == SUSPENDED_NO and first.until:
        until = fmt.short_date(first.until)
        urgent = (day(first.until) - run.as_of).days <= SOON
        words = say.words("{number}, suspended to {day}", number=number, day=until)
        return State("suspended", say.words(ANSWER[SUSPENDED_NO]), words, brief=words, urgent=urgent)
    doubt = "" if is_confirmed(first) else plain(why_unconfirmed(run, first))
    return State(MARKS[kind], say.words(ANSWER[kind]), f"{number}, {doubt}" if doubt else number)


def _number(run: Findings, m: ResaleMeasure) -> str:
    return run.say.notice(m.number or m.authority)


def _symbols(groups: Iterable[LotGroup]) -> str:
    return ", ".join(dict.fromkeys(group.element or group.asset for group in groups))


def _names(run: Findings, groups: Sequence[LotGroup]) -> Text:
    """Products of a line and their common origin; a form that is not the traded one is named."""
    say, told = run.say, []
    for group in groups:
        words = text(run.metal(group))
        if not group.traded:
            words = text(words, " (", name(say.term("term", group.form)), ")")
        if words not in told:
            told.append(words)
    names = joined(told, ", ")
    of_unknown, from_place = LINE[_obstacle(groups[0])]
    where = groups[0].origin
    if where == UNKNOWN_ORIGIN:
        return say(of_unknown, metals=names)
    return say(from_place, metals=names, place=origin(where, say))


def _obstacle(group: LotGroup) -> str | None:
    """What keeps the lots where they are or may be, whoever buys: `BAN`, `LICENCE` or nothing."""
    if any(answer.export_bans for answer in group.answers):
        return BAN
    return LICENCE if any(answer.licence_to_leave for answer in group.answers) else None


def _source(run: Findings, groups: Sequence[LotGroup]) -> Iterator[Text]:
    say = run.say
    yield say("Source: control ledger{markers}.", markers=sources(run.of_tables("controls"), run.rests_on(ORIGIN)))
    open_ones = [m for g in groups for a in g.answers if a.answer == NOT_SETTLED for m in a.measures]
    if any(m.status == "unchecked" for m in open_ones):
        yield say(
            "Whether moving some metals out of the EU needs a permit (dual use), whoever buys them, is not settled here: check "
            "Annex I."
        )
    if reaching := list(dict.fromkeys(_number(run, m) for m in open_ones if m.instrument == "extraterritorial")):
        more = [say.words("{n} more", n=len(reaching) - NOTICES_NAMED)] if len(reaching) > NOTICES_NAMED else []
        yield say.counted(
            len(reaching),
            "{notices} reaches goods made abroad from metals of this origin; whether it reaches the metal itself, passed on, "
            "is not settled here.",
            "{notices} reach goods made abroad from metals of this origin; whether they reach the metal itself, passed on, "
            "is not settled here.",
            notices=say.listed([*reaching[:NOTICES_NAMED], *more]),
        )
    yield say("“Yes” says that the ledger knows no measure on this form; sanctions lists are not looked up.")


def _basis(run: Findings, part: Resale, merged: Sequence[Merged]) -> Table:
    """Every measure behind an answer other than yes, once for each line and buyer."""
    say, fmt = run.say, run.fmt
    rows = [
        (groups, buyer, answer, m)
        for _, groups in merged
        for buyer, answer in zip(part.buyers, groups[0].answers, strict=True)
        for m in answer.measures
    ]
    return run.table(
        "Legal basis of the answers",
        rows,
        left("Metal, form and origin", lambda row: _names(run, row[0])),
        left("Buyer", lambda row: _buyer(run, row[1])),
        left("Answer", lambda row: say.words(ANSWER[row[2].answer])),
        left("Measure", lambda row: _number(run, row[3])),
        left("Since", lambda row: fmt.short_date(row[3].since)),
        left("To, inclusive", lambda row: fmt.short_date(row[3].until)),
        left("Checked", lambda row: say("confirmed") if is_confirmed(row[3]) else why_unconfirmed(run, row[3])),
        stacks=False,
    )
