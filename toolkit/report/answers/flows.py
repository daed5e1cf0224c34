"""What customs data say of a metal: recent change, months at zero, collapse, diversion, effect of controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from toolkit.records.answers.flows import CodeFlows, ControlOnFlow, CustomsFlows, PartnerCollapse, PartnerFlow
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Text, text
from toolkit.supply.flows import ALL_LISTED, WORLD, Change, Diversion

PARTNERS = 8
"""Partners that a table shows; the object has all."""
MONTHS_SHOWN = 24
"""Months back from the latest in which an ended collapse with a single partner is shown; the object has all."""


def flows(found: CustomsFlows, say: Language) -> Document:
    """Every code in a line, or the partners of each code of one metal."""
    answer = Answer(say, found.as_of)
    if found.metal is None:
        answer.heading("Customs flows, known on {day:%Y-%m-%d}", day=found.as_of)
    else:
        answer.heading("Customs flows of {metal}, known on {day:%Y-%m-%d}", metal=answer.metal(found.metal), day=found.as_of)
    origin = found.file or ", ".join(say.term("source", row.source) for row in found.data)
    answer.line(
        "Source: {origin}. Masses in kg a month; % is left out where the base is small (*) or a month is missing (?).",
        origin=origin,
    )
    if found.metal is None:
        answer.table(
            "metal | >month | >kg | >m/m | >y/y | >3 mo | >12 mo | >3 on 12 | >zeros/12",
            (
                ((code.asset and answer.metal(code.asset)) or code.name, *_figures(answer, code.series[0]))
                for code in found.flows
            ),
        )
    for code in found.flows:
        if found.metal is not None:
            _partners(answer, code)
        _findings(answer, code, one=found.metal is not None)
    for point in found.reported:
        about = say.fmt.short_date(point.announced)
        answer.line(
            "Reported, a single point and part of no series: {what} ({day}). {id}: {citation}; {confidence}.",
            what=point.what, id=point.event_id, citation=point.citation, confidence=answer.word(point.confidence),
            day=say.words("about {day}", day=about) if point.precision == "approximate" else about,
        )  # fmt: skip
    answer.lines(*found.notes, found.rules.collapse)
    if any(one.suspected for code in found.flows for one in code.diversion):
        answer.lines(found.rules.diversion)
    return answer.document("flows")


def _partners(answer: Answer, code: CodeFlows) -> None:
    who = " ".join(part for part in (code.reporter, answer.word(f"{code.direction}s") if code.direction else None) if part)
    parts = (f"HS {code.hs_code}", code.asset and answer.metal(code.asset), who)
    answer.subtitle("{code}", code=", ".join(part for part in parts if part))
    answer.table(
        "partner | >month | >kg | >m/m | >y/y | >3 mo | >12 mo | >3 on 12 | >zeros/12 | >share/12",
        (
            (partner(answer, s.partner), *_figures(answer, s), answer.number(s.share, ".0%"))
            for s in code.series[: PARTNERS + 1]
        ),
    )
    if (more := len(code.series) - 1 - PARTNERS) > 0:
        answer.line("{n} more partners: --json.", n=more)


def _figures(answer: Answer, s: PartnerFlow) -> Iterator[Cell]:
    yield answer.say.fmt.month(s.month)
    yield mass(answer, s.latest)
    yield _change(answer, s.on_month)
    yield _change(answer, s.on_year)
    yield mass(answer, s.three_months)
    yield mass(answer, s.twelve_months)
    yield _change(answer, s.three_on_twelve)
    inferred = answer.say.words(" ({n} inf)", n=s.inferred_in_twelve) if s.inferred_in_twelve else ""
    yield f"{s.zeros_in_twelve}{inferred}"


def _findings(answer: Answer, code: CodeFlows, *, one: bool) -> None:
    prefix = "" if one else f"{(code.asset and answer.metal(code.asset)) or code.name}: "
    told: list[str | Text] = []
    if code.mixed is not None:
        told.append(text(prefix, answer.sentence(code.mixed)))
    collapses = list(_shown(code, one=one))
    for collapse in collapses:
        head = answer.told("ALERT: ") if collapse.running else answer.told("Ended: ")
        told.append(text(prefix, head, *_collapse(answer, collapse)))
    if one and (older := len(code.collapses) - len(collapses)):
        told.append(answer.told("{n} older collapses or of smaller partners: --json.", n=older))
    if one and not any(collapse.partner == code.series[0].partner for collapse in code.collapses):
        told.append(answer.told("No collapse of the flow with all partners."))
    told += [text(prefix, _diversion(answer, found)) for found in code.diversion if found.suspected]
    if one:
        told += [_control(answer, code, control) for control in code.controls]
    answer.notes(told)


def _shown(code: CodeFlows, *, one: bool) -> Iterator[PartnerCollapse]:
    """Collapses that are news: those that run, and for one metal the recent ones and those of the whole flow."""
    total, *singles = code.series
    partners = {total.partner, *(flow.partner for flow in singles[:PARTNERS])}
    for collapse in code.collapses:
        recent = one and (collapse.partner == total.partner or collapse.last[:7] >= total.history[-MONTHS_SHOWN:][0].month)
        if collapse.partner in partners and (collapse.running or recent):
            yield collapse


def _collapse(answer: Answer, collapse: PartnerCollapse) -> Iterable[Text]:
    values = {
        "partner": partner(answer, collapse.partner), "onset": collapse.onset, "confirmed": collapse.confirmed,
        "mean": collapse.mean, "base": collapse.base, "months": collapse.months, "needed": collapse.needed,
    }  # fmt: skip
    if collapse.running:
        yield answer.told(
            "flow with {partner} collapsed from {onset:%Y-%m} (still running; the rule held from the figures of "
            "{confirmed:%Y-%m} on): {mean:,.0f} kg a month against {base:,.0f} in the year before, {months} low months where "
            "{needed} were needed.",
            **values,
        )
    else:
        yield answer.told(
            "flow with {partner} collapsed from {onset:%Y-%m} (until {last:%Y-%m}; the rule held from the figures of "
            "{confirmed:%Y-%m} on): {mean:,.0f} kg a month against {base:,.0f} in the year before, {months} low months where "
            "{needed} were needed.",
            last=collapse.last, **values,
        )  # fmt: skip
    if collapse.month_before > 2:
        yield text(" ")
        yield answer.told(
            "The month before stood at {times:.1f} times the mean of the year before, as when buyers stock up.",
            times=collapse.month_before,
        )


def _diversion(answer: Answer, found: Diversion) -> Text:
    risers = ", ".join(f"{name} +{mass(answer, rise)}" for name, rise in found.risers)
    return answer.told(
        "Possible diversion: {origin} {before:,.0f} to {after:,.0f} kg a month, others {others_before:,.0f} to "
        "{others_after:,.0f} ({risers}).",
        origin=found.origin, before=found.before, after=found.after, others_before=found.others_before,
        others_after=found.others_after, risers=risers or answer.say.words("not named by the source"),
    )  # fmt: skip


def _control(answer: Answer, code: CodeFlows, control: ControlOnFlow) -> Text:
    around, say = control.around, answer.say
    if around.collapse:
        verdict = say.words("collapse")
    elif code.mixed is None:
        verdict = say.words("no stop shown")
    else:
        verdict = say.words("no stop shown, and none of one metal could show")
    return answer.told(
        "{day:%Y-%m-%d} {title} ({instrument}), {partner}: {base} kg a month in the year before, {after} in the three months "
        "from then ({change}): {verdict}.",
        day=around.day, title=answer.notice(control.title), instrument=answer.word(control.instrument),
        partner=partner(answer, control.partner), base=mass(answer, around.base), after=mass(answer, around.after),
        change=_change(answer, around.change), verdict=verdict,
    )  # fmt: skip


def partner(answer: Answer, name: str) -> str:
    """The partner of a flow: the code of a country, or all together."""
    return answer.say.words("all partners") if name in (WORLD, ALL_LISTED) else name


def mass(answer: Answer, kg: float | None) -> str:
    """Kilograms; a question mark for a month that is missing."""
    return "?" if kg is None else answer.number(kg, ",.0f")


def _change(answer: Answer, change: Change) -> str:
    if change.value is None:
        return "*" if change.reason == "small base" else "?"
    return answer.number(change.value, "+.0%")
