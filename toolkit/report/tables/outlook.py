"""What may happen and what it would cost: falls of factors, the scenarios a strategy names, the tail of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.records.risk import Scenario
from toolkit.report.document import Bar, Block, Figure, Notes, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.measures import ORDER, SQUARES, TAIL_LEVEL, measure_words
from toolkit.report.i18n.text import NONE, Span, Text, muted, name, sources, strong, text
from toolkit.report.markers import SHOCKS

FACTORS = {"dollar": mark("the dollar"), "supply_shock": mark("the supply shock")}
"""Factors that are no group of prices; a group goes by its own name."""


def factor(say: Language, key: str) -> str:
    """The name of a factor."""
    return say.word(key, FACTORS)


def falls(run: Findings) -> Figure | None:
    """Losses by factor; statistical remainders have no name a reader could act on."""
    say, fmt = run.say, run.fmt
    exposures = run.proposal.exposures.factors
    rows = [(s, s.factor) for s in run.proposal.scenarios if s.factor is not None and s.factor in exposures]
    if not rows:
        return None
    rows.sort(key=lambda row: (-row[0].loss, row[1]))
    worst, key = rows[0]
    if worst.loss <= 0:
        title = say("No named factor would cost anything by falling")
    else:
        title = say(
            "A fall of {factor} costs most: {loss} of value",
            factor=name(factor(say, key)), loss=fmt.percent(worst.loss),
        )  # fmt: skip
    scale = 1.05 * max(worst.loss, 1e-9)
    table = run.bars(
        "Loss when a factor falls",
        rows,
        left("If this falls", lambda row: name(capital(factor(say, row[1])))),
        right("falls by", lambda row: muted(fmt.percent(row[0].size, 0))),
        right("exposure", lambda row: muted(fmt.number(exposures[row[1]], 2))),
        right("loss", lambda row: strong(fmt.percent(row[0].loss))),
        bar=lambda row: Bar(value=row[0].loss / scale if row[0].loss > 0 else None),
    )
    far = say(
        "Each factor falls by {count} standard deviations of a year, and the others follow as they are correlated.",
        count=fmt.quantity(worst.deviations or 0.0),
    )
    sub = text(far, " ", say("Loss of value over a year; a minus is a gain."))
    systematic = run.proposal.risk.systematic
    if systematic is not None:
        sub = text(sub, " ", say("The factors explain {share} of the variance.", share=fmt.percent(systematic, 0)))
    return Figure(title, sub, (table,), (), own_calculation(run))


def own_calculation(run: Findings, *more: Span) -> Text:
    """The source line of what was computed from prices, with further markers."""
    return text(run.say("Own calculation"), sources(run.of_prices("fx"), *more), ".")


def _stepped_back(words: Text) -> Text:
    return tuple(muted(span.text) if span.style == "plain" else span for span in words)


def shocks(run: Findings) -> Figure | None:
    """The scenarios that the strategy names, and the sentences on what they rest on."""
    rows, say = run.shocks, run.say
    if not rows:
        return None
    table = run.table(
        "Loss in the scenarios of the strategy",
        rows,
        left("If this happens", lambda s: name(capital(_scenario(run, s)))),
        right("Probability", lambda s: _chance(run, s)),
        right("Loss, %", lambda s: run.derived(run.fmt.number(100 * s.loss, 1), SHOCKS, marked=False)),
        left("Sizes and probability", lambda s: _stepped_back(run.sentence(s.method)), "Rests on"),
    )
    sub = say(
        "Loss of value at once; a minus is a gain. Probability within the horizon of the scenarios, after the strategy’s views."
    )
    foot = text(say("Own calculation"), sources(run.of_tables("controls"), run.of_prices(), run.rests_on(SHOCKS)), ".")
    return Figure(_shocks_finding(run, rows), sub, (table, *_notes(run)), (), foot)


def _scenario(run: Findings, s: Scenario) -> str:
    return run.say.term("strategy", s.name)


def _chance(run: Findings, s: Scenario) -> Span:
    return NONE if s.probability is None else run.assumed(run.fmt.percent(s.probability, 0), SHOCKS, marked=False)


def _shocks_finding(run: Findings, rows: Sequence[Scenario]) -> Text:
    """The costliest, and where there is one the scenario that brings most."""
    say, fmt, worst, best = run.say, run.fmt, rows[0], rows[-1]
    dear, good = name(_scenario(run, worst)), name(_scenario(run, best))
    loss, gain = (run.derived(fmt.percent(size), SHOCKS, marked=False) for size in (worst.loss, -best.loss))
    if worst.loss > 0 > best.loss:
        return say(
            "“{worst}” would cost {loss} of value; “{best}” would bring {gain}", worst=dear, loss=loss, best=good, gain=gain
        )
    if worst.loss > 0:
        return say("“{worst}” would cost {loss} of value", worst=dear, loss=loss)
    if best.loss < 0:
        return say("“{best}” would bring {gain}", best=good, gain=gain)
    return say("No scenario of the strategy would cost anything")


def tail(run: Findings) -> Figure | None:
    """Measures of risk over the scenarios of the strategy; squares are told by their roots."""
    risk, say, fmt = run.proposal.risk, run.say, run.fmt
    values = {key: v for key, v in risk.measures.items() if key not in SQUARES and v is not None}
    if not values:
        return None
    order = sorted(values, key=lambda key: (ORDER.index(key) if key in ORDER else len(ORDER), key))
    if run.normal_tail:
        over = say(
            "The strategy’s scenarios are one path: falls from a peak are along all of it, the other measures over one of its "
            "periods."
        )
    else:
        over = say("Scenarios: {method}.", method=run.sentence(risk.cvar_method))
    alone = say("Volatility of the forecast alone: {volatility} a year.", volatility=fmt.percent(risk.volatility))
    table = run.table(
        "Risk over the scenarios",
        order,
        left("Measure of risk", lambda key: capital(measure_words(key, TAIL_LEVEL, say))),
        right("% of value", lambda key: _bold(run.derived(fmt.number(100 * values[key], 1), SHOCKS, marked=False))),
    )
    body: tuple[Block, ...] = (table,) if run.shocks else (table, *_notes(run))
    return Figure(_tail_finding(run, values), text(over, " ", alone), body, (), own_calculation(run, run.rests_on(SHOCKS)))


def _bold(span: Span) -> Span:
    """A figure that carries its row, unless its type already says what it rests on."""
    return strong(span.text) if span.style == "plain" else span


def _tail_finding(run: Findings, values: Mapping[str, float]) -> Text:
    say, fmt = run.say, run.fmt
    if "cvar" in values and not run.normal_tail:
        loss = run.derived(fmt.percent(values["cvar"]), SHOCKS, marked=False)
        return say("The worst twentieth of the scenarios loses {loss} of value on average", loss=loss)
    if "max_drawdown" in values:
        fall = run.derived(fmt.percent(values["max_drawdown"]), SHOCKS, marked=False)
        return say("The largest fall from a peak in the scenarios is {fall} of value", fall=fall)
    return say("Risk over the scenarios of the strategy")


def _notes(run: Findings) -> tuple[Notes, ...]:
    """What the scenarios rest on, beside the table that shows them."""
    found = run.proposal.scenario_notes
    return (Notes(tuple(("", run.sentence(words)) for words in found)),) if found else ()
