"""Which measures name a form of a metal for a route on a day: law first, practice beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from toolkit.controls.state import ABOVE_SIZE, UNCERTAIN, Measure, doubt_note, headline_word, returned_by_dates, review_note
from toolkit.core.grouping import by_key
from toolkit.records.answers.controls import ControlledItems, MetalControls, ProductControls
from toolkit.records.controls import FormState
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Text

STATES = {
    "unchecked": mark("not settled here, text not checked"),
    "agreed": mark("agreed, act not seen"),
    "in_force": mark("in force"),
    "suspended": mark("suspended"),
    "reported": mark("reported"),
    "claimed": mark("claimed"),
    "announced": mark("announced"),
}
CERTAINTY = {"named": "", "above_size": mark(", only large pieces"), "uncertain": mark(", form uncertain")}
SUFFIXES = {
    "_suspended": mark("suspended"),
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
PRODUCTS = mark("product | law | since | until | measures in force | practice")


def controls(found: MetalControls, say: Language) -> Document:
    """The state of one metal, and of its other forms."""
    answer = Answer(say, found.as_of)
    answer.heading(
        "{metal}, {form}: {headline}  ({origin} to {destination}, {user} use, on {day:%Y-%m-%d})",
        metal=found.metal, form=answer.word(found.form), headline=_law(answer, found), origin=found.origin,
        destination=found.destination, user=answer.word(found.end_user), day=found.as_of,
    )  # fmt: skip
    answer.lines(found.review)
    if found.form_basis in BASIS:
        answer.line(BASIS[found.form_basis])
    if basis := list(dict.fromkeys(_basis(answer, m) for m in _leading(found))):
        answer.line("Rests on {measures}.", measures=", ".join(basis))
    answer.lines(found.doubt, found.note)
    own = say.words(", yours")
    answer.table(
        "measure | instrument | state | since | until | for | standing",
        (_measure(answer, m, answer.word(m.standing) + (own if m.source_id == "user" else "")) for m in found.measures),
    )
    if found.elsewhere:
        answer.line("Measures of other jurisdictions on the same form (exports out of there):")
        answer.table(
            "measure | instrument | state | since | until | for | confidence",
            (_measure(answer, m, answer.word(m.confidence)) for m in found.elsewhere),
        )
    for change in found.next_changes:
        answer.line(
            "{day:%Y-%m-%d} ({standing}): {what}.", day=change.date, standing=answer.word(change.standing), what=change.what
        )
    answer.table(FORMS, (_state(answer, s, answer.word(s.form)) for s in found.forms if s.form != found.form))
    if found.listed_items:
        answer.line("On China's list of dual-use items too, read from a compilation: look them up in the official text.")
        answer.table("code | item | words of the list", ((r.control_code, r.number, r.item) for r in found.listed_items))
    return _closed(answer, found.own_events, answer.told("Export controls on {metal}", metal=answer.metal(found.metal)))


def products(found: ProductControls, names: Mapping[str, str], say: Language) -> Document:
    """The state of the traded form of every product.

    Args:
        found: In the order of the products.
        names: Metal -> name of its product.
        say: The language.
    """
    answer = Answer(say, found.as_of)
    answer.heading(
        "Controls of {origin} on exports to {destination}, {user} use, on {day:%Y-%m-%d}",
        origin=found.origin, destination=found.destination, user=answer.word(found.end_user), day=found.as_of,
    )  # fmt: skip
    leading = {m.event_id: m for state in found.products for m in _leading(state)}
    answer.lines(_review(found), doubt_note(returned_by_dates(leading.values()), _reviewed_to(found)))
    if found.origin == found.destination:
        answer.lines(found.products[0].note)
    answer.table(PRODUCTS, (_state(answer, state, say.name(names[state.metal])) for state in found.products))
    return _closed(answer, found.own_events, answer.told("Export controls of {origin}", origin=found.origin))


def items(found: ControlledItems, say: Language) -> Document:
    """Controlled items that a tariff code or words find."""
    answer = Answer(say, found.as_of)
    answer.heading("Controlled items that match {query!r}", query=found.query)
    rows = (
        (row.item, _listed(row.metals), _listed(row.hs_codes or row.control_code or ""),
         answer.notice(row.notice), answer.words(STATES, row.status))
        for row in found.rows
    )  # fmt: skip
    if not answer.table("item | metals | codes | notice | state", rows):
        answer.line("No controlled item matches {query!r}.", query=found.query)
    answer.lines(_review(found))
    return answer.document("items")


def _review(found: ProductControls | ControlledItems) -> str:
    return review_note(_reviewed_to(found), date.fromisoformat(found.as_of))


def _reviewed_to(found: MetalControls | ProductControls | ControlledItems) -> date | None:
    return None if found.reviewed_to is None else date.fromisoformat(found.reviewed_to)


def _law(answer: Answer, found: MetalControls) -> str:
    """The headline, with the doubt where it rests on the end of a suspension alone."""
    words = headline(answer, found.headline)
    reviewed = _reviewed_to(found)
    if not found.unconfirmed or reviewed is None:
        return words
    return answer.say.words(
        "{law} by the dates of the acts; whether the suspension was extended after {day} is not known",
        law=words, day=answer.day(reviewed),
    )  # fmt: skip


def _leading(state: FormState) -> tuple[Measure, ...]:
    """The legal measures that the headline rests on."""
    parts = {part.removesuffix(UNCERTAIN).removesuffix(ABOVE_SIZE) for part in state.headline.split("+")}
    law = (m for m in state.measures if m.is_law and not m.conditional)
    return tuple(m for m in law if headline_word(m.instrument, m.status) in parts)


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


def _state(answer: Answer, state: FormState, label: Cell) -> Iterator[Cell]:
    """One row: the law, and what is only reported in a column of its own."""
    law = [m for m in state.measures if m.is_law and not m.conditional]
    numbers = dict.fromkeys(_number(answer, m) for m in law if m.status == "in_force")
    practice = dict.fromkeys(answer.word(m.instrument) for m in state.measures if m.status == "reported")
    yield label
    law_in_words = headline(answer, state.headline)
    yield answer.say.words("{law}, unconfirmed", law=law_in_words) if state.unconfirmed else law_in_words
    words = by_key((headline_word(m.instrument, m.status), m) for m in _leading(state))
    # A word stands from the first of its measures to the last, the headline while all its words do.
    yield answer.day(max((min(m.status_since for m in same) for same in words.values()), default=None))
    lasts = [max(m.until for m in same if m.until) for same in words.values() if all(m.until for m in same)]
    yield answer.day(min(lasts, default=None))
    yield ", ".join(numbers) or answer.say.words("none")
    yield ", ".join(practice)


def _measure(answer: Answer, m: Measure, last: str) -> Iterator[Cell]:
    say = answer.say
    yield _number(answer, m)
    yield answer.word(m.instrument)
    yield (
        answer.words(STATES, m.status)
        + (say.words(", unconfirmed") if m.unconfirmed else "")
        + (say.words(" (other route)") if m.conditional else "")
        + (say.words(CERTAINTY[m.certainty]) if CERTAINTY[m.certainty] else "")
    )
    yield answer.day(m.status_since)
    yield answer.day(m.until)
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
