"""Which measures name a form of a metal for a route on a day: law first, practice beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from toolkit.controls.state import ControlState, Measure, review_note
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Text

if TYPE_CHECKING:
    from toolkit.app.controls import ControlAnswer

STATES = {
    "unchecked": mark("not settled here, text not checked"),
    "agreed": mark("agreed, act not seen"),
    "in_force": mark("in force"),
    "suspended": mark("suspended"),
    "reported": mark("reported"),
    "claimed": mark("claimed"),
    "unsettled": mark("unsettled"),
    "announced": mark("announced"),
}
CERTAINTY = {"named": "", "above_size": mark(", not named below that size"), "uncertain": mark(", form uncertain")}
SUFFIXES = {
    "_suspended": mark("suspended"),
    "_unsettled": mark("unsettled"),
    "_unchecked": mark("not settled here, text not checked"),
    "_above_size": mark("from a size on"),
    "_uncertain": mark("form uncertain"),
}
"""Ends of a word of a headline, in their order."""
BASIS = {
    "traded": mark("The traded form is shown; other forms below."),
    "named": mark("No product trades this metal: a form that notices name is shown."),
    "metal": mark("No product trades this metal and no notice names a form of it."),
}
"""Why a form is shown that nobody asked for."""
FORMS = mark("form | law | since | until | measures in force | practice")


def controls(found: ControlAnswer, say: Language) -> Document:
    """The state of one metal, and of its other forms."""
    state = found.state
    answer = Answer(say, state.as_of)
    answer.heading(
        "{metal}, {form}: {headline}  ({origin} to {destination}, {user} use, on {day:%Y-%m-%d})",
        metal=state.metal, form=answer.word(state.form), headline=headline(answer, state.headline), origin=state.origin,
        destination=state.destination, user=answer.word(state.end_user), day=state.as_of,
    )  # fmt: skip
    answer.lines(state.review)
    if found.basis in BASIS:
        answer.line(BASIS[found.basis])
    if basis := list(dict.fromkeys(_basis(answer, m) for m in state.leading)):
        answer.line("Rests on {measures}.", measures=", ".join(basis))
    answer.lines(state.unsettled, state.note)
    own = say.words(", yours")
    answer.table(
        "measure | instrument | state | since | until | for | standing",
        (_measure(answer, m, answer.word(m.standing) + (own if m.source_id == "user" else "")) for m in state.measures),
    )
    if state.elsewhere:
        answer.line("Measures of other jurisdictions on the same form (exports out of there):")
        answer.table(
            "measure | instrument | state | since | until | for | confidence",
            (_measure(answer, m, answer.word(m.confidence)) for m in state.elsewhere),
        )
    for change in state.next_changes:
        answer.line(
            "{day:%Y-%m-%d} ({standing}): {what}.", day=change.date, standing=answer.word(change.standing), what=change.what
        )
    answer.table(FORMS, (_state(answer, s, answer.word(s.form)) for s in found.forms if s.form != state.form))
    return _closed(answer, found.own, answer.told("Export controls on {metal}", metal=answer.metal(state.metal)))


def products(
    states: Sequence[ControlState], names: Mapping[str, str], own: Sequence[str], reviewed_to: date | None, say: Language
) -> Document:
    """The state of the traded form of every product.

    Args:
        states: In the order of the products; at least one.
        names: Metal -> name of its product.
        own: Ids of the user's own events.
        reviewed_to: Last day through which acts are in the ledger.
        say: The language.
    """
    first = states[0]
    answer = Answer(say, first.as_of)
    answer.heading(
        "Controls of {origin} on exports to {destination}, {user} use, on {day:%Y-%m-%d}",
        origin=first.origin, destination=first.destination, user=answer.word(first.end_user), day=first.as_of,
    )  # fmt: skip
    answer.lines(review_note(reviewed_to, first.as_of))
    answer.table(FORMS, (_state(answer, state, say.name(names[state.metal])) for state in states))
    return _closed(answer, own, answer.told("Export controls of {origin}", origin=first.origin))


def items(found: Iterable[Mapping[str, Any]], query: str, reviewed_to: date | None, day: date, say: Language) -> Document:
    """Controlled items that a tariff code or words find.

    Args:
        found: Rows of `toolkit.controls.items.find_items`.
        query: What was looked for.
        reviewed_to: Last day through which acts are in the ledger.
        day: That is asked about.
        say: The language.
    """
    answer = Answer(say, day)
    answer.heading("Controlled items that match {query!r}", query=query)
    rows = (
        (row["item"], _listed(row["metals"]), _listed(row["hs_codes"] or row["control_code"] or ""),
         answer.notice(row["notice"]), answer.words(STATES, row["status"]))
        for row in found
    )  # fmt: skip
    if not answer.table("item | metals | codes | notice | state", rows):
        answer.line("No controlled item matches {query!r}.", query=query)
    answer.lines(review_note(reviewed_to, day))
    return answer.document("items")


def headline(answer: Answer, words: str) -> str:
    """The headline as the object has it in English, in other languages in words."""
    return words if answer.say.code == "en" else " + ".join(_part(answer, part) for part in words.split("+"))


def _part(answer: Answer, part: str) -> str:
    """An instrument with its status and with how well a notice settles the form."""
    told = []
    for suffix in reversed(SUFFIXES):
        if part.endswith(suffix):
            told.insert(0, answer.say.words(SUFFIXES[suffix]))
            part = part.removesuffix(suffix)
    return ", ".join((answer.word(part), *told))


def _closed(answer: Answer, own: Sequence[str], title: Text) -> Document:
    if own:
        answer.line("Your own events, not checked: {ids}.", ids=", ".join(own))
    answer.line("Control notices as compiled, by day; not legal advice.")
    return answer.document("controls", title)


def _state(answer: Answer, state: ControlState, label: Cell) -> Iterator[Cell]:
    """One row: the law, and what is only reported in a column of its own."""
    law = [m for m in state.measures if m.is_law and not m.conditional]
    numbers = dict.fromkeys(_number(answer, m) for m in law if m.status == "in_force")
    practice = dict.fromkeys(answer.word(m.instrument) for m in state.measures if m.status == "reported")
    yield label
    yield headline(answer, state.headline)
    yield min((m.since for m in state.leading if m.since), default=None)
    yield min((m.until for m in state.leading if m.until), default=None)
    yield ", ".join(numbers) or answer.say.words("none")
    yield ", ".join(practice)


def _measure(answer: Answer, m: Measure, last: str) -> Iterator[Cell]:
    say = answer.say
    yield _number(answer, m)
    yield answer.word(m.instrument)
    yield (
        answer.words(STATES, m.status)
        + (say.words(" (other route)") if m.conditional else "")
        + (say.words(CERTAINTY[m.certainty]) if CERTAINTY[m.certainty] else "")
    )
    yield m.since
    yield m.until
    where = [name if name.isupper() else answer.word(name) for name in m.destinations]  # codes are the same in any language
    yield ", ".join(where) + ("" if m.end_user == "all" else f", {answer.word(m.end_user)}")
    yield last


def _basis(answer: Answer, m: Measure) -> str:
    """A measure that the headline rests on, with the end users that it names."""
    users = "" if m.end_user == "all" else answer.say.words(", {users} users", users=answer.word(m.end_user))
    return f"{_number(answer, m)} ({answer.word(m.instrument)}{users})"


def _number(answer: Answer, m: Measure) -> str:
    return answer.notice(m.number if m.number and m.number != "none" else m.authority)


def _listed(words: str) -> str:
    return words.replace(";", ", ")
