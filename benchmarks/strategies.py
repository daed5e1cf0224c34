"""Tables of docs/evidence.md on the shipped strategies, from what `toolkit strategies evidence --write` stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from toolkit.app.languages import language
from toolkit.app.strategies.evidence import stored
from toolkit.records.evidence import Followed, Refutation, StrategyEvidence
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import plain
from toolkit.report.topics.evidence import FIGURES, figure, rival, state

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]
DEAR = 0.015
"""Costs of a year, after the first purchase, that following a strategy of metal should not exceed."""
OTHERS = ("held", "equal-weight", "sample-minimum-risk", "gold-only")


def parts(table: Table) -> dict[str, str]:
    """Tables by their names in the template.

    Args:
        table: Writes headings and rows.

    Raises:
        SystemExit: where nothing is stored.
    """
    found, say = stored(), language("en")
    if found is None:
        raise SystemExit("nothing is stored: toolkit strategies evidence --write strategies/evidence.json")
    followed = [one for one in found.strategies if one.followed]
    costs = [
        "strategy", "looked at", "growth", "held", "less held, 95 %", "equal weights", "sample", "gold",
        "first purchase", "costs a year", "turnover",
    ]  # fmt: skip
    risk = [
        "strategy",
        *(f"{what}{of}" for of in ("", ", prints") for what in ("volatility", "held", "equal weights", "sample")),
    ]
    limits = ["strategy", "dates beyond a limit", "decisions beyond a limit", "limits"]
    refuted = ["strategy", "figure", "against", "its own", "other", "margin, 95 %", "on prints, 95 %", "so far", "verdict"]
    return {
        "strategies_growth": table(costs, [_growth(one) for one in followed]),
        "strategies_risk": table(risk, [_risk(one) for one in followed]),
        "strategies_limits": table(limits, [_limits(one) for one in followed if one.limits and one.limits.names]),
        "strategies_kept": ", ".join(one.name for one in followed if one.limits and not one.limits.names),
        "strategies_refuted": table(refuted, [row for one in found.strategies for row in _refuted(one, say)]),
        "strategies_dear": ", ".join(one.name for one in followed if one.followed[0].costs > DEAR) or "none",
        "strategies_behind": ", ".join(one.name for one in followed if _behind(one)) or "none",
        "strategies_dates": f"{followed[0].start} to {followed[0].end}, data as known on {found.as_of}, "
        f"{found.budget:,.0f} {found.currency}",
    }


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _others(one: StrategyEvidence) -> list[Followed | None]:
    return [next((row for row in one.followed if row.name == name), None) for name in OTHERS]


def _behind(one: StrategyEvidence) -> bool:
    """Whether bought and held it grew faster, by more than chance."""
    held = _others(one)[0]
    return held is not None and held.ahead_interval is not None and held.ahead_interval.high < 0


def _growth(one: StrategyEvidence) -> list[str]:
    own, (held, *rest) = one.followed[0], _others(one)
    ahead = held.ahead_interval if held else None
    return [
        one.name,
        one.every,
        _percent(own.growth),
        _percent(held and held.growth),
        "" if ahead is None else f"{100 * ahead.low:+.1f} to {100 * ahead.high:+.1f}",
        *(_percent(row and row.growth) for row in rest),
        _percent(own.first_costs),
        _percent(own.costs),
        _percent(own.turnover),
    ]


def _risk(one: StrategyEvidence) -> list[str]:
    rows = [one.followed[0], *_others(one)[:3]]
    return [
        one.name,
        *(_percent(row and row.volatility) for row in rows),
        *(_percent(row and row.volatility_prints) for row in rows),
    ]


def _limits(one: StrategyEvidence) -> list[str]:
    kept = one.limits
    if kept is None:
        return []
    told = (f"{kept.exceeded} of {kept.dates}", f"{kept.beyond} of {kept.decisions}")
    return [one.name, *told, ", ".join(kept.names)]


def _refuted(one: StrategyEvidence, say: Language) -> list[list[str]]:
    return [[one.name, *_refutation(row, say), _so_far(row), state(say, one)] for row in one.refutations]


def _so_far(row: Refutation) -> str:
    return {"holds": "for it", "refuted": "against it"}.get(row.so_far, "open" if row.figure is None else "within chance")


def _refutation(row: Refutation, say: Language) -> list[str]:
    if row.figure is None:
        return [row.needs or "", *[""] * 5]
    limits = [f"{word} {limit:g}" for word, limit in (("below", row.below), ("above", row.above)) if limit is not None]
    margins = [
        "" if interval is None else f"{figure(say, row.figure, interval.low)} to {figure(say, row.figure, interval.high)}"
        for interval in (row.interval, row.interval_prints)
    ]
    against = rival(say, row.against) if row.against else " or ".join(limits)
    return [
        plain(say(FIGURES[row.figure])),
        against,
        figure(say, row.figure, row.value),
        figure(say, row.figure, row.other),
        *(
            "" if at is None else f"{figure(say, row.figure, at)}, {span}"
            for at, span in zip((row.margin, row.margin_prints), margins, strict=True)
        ),
    ]
