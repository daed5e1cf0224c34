"""What reports are about, for tests: real proposals, holdings, a conflict and the market on the bundled data, and hostile names."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.once import once
from tests.records import Subject, asked, partial_findings, subject_of
from toolkit.app import subjects
from toolkit.app.allocation.request import Request
from toolkit.app.backtest.run import BacktestRequest
from toolkit.app.backtest.run import backtest as simulate
from toolkit.app.config import Settings, resolve
from toolkit.app.context import Context
from toolkit.app.factors import factors as factor_model
from toolkit.app.holdings.check import map_holdings, write_layout
from toolkit.app.holdings.exposure import ExposureRequest
from toolkit.app.languages import language
from toolkit.app.optimize import NoAnswer, optimize
from toolkit.app.prices import PriceFiles
from toolkit.app.subjects import Subject as Found
from toolkit.app.topics.part import Part
from toolkit.market.layouts.layout import beside
from toolkit.records.factors import Factors
from toolkit.report.findings import Findings

AS_OF = date(2026, 11, 24)
HOSTILE = ("<script>alert(1)</script>", "\u202edlog-neila", "稀土 Überlänge", "x" * 300)
HOLDINGS = """lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status
a,gallium,metal,4N,12,kg,2025-01-10,600,EUR,CHN,DEU,stored
b,germanium,metal,5N,5,kg,2025-01-10,2600,EUR,CHN,DEU,stored
c,gold,metal,999.9,0.1,kg,2025-01-10,90000,EUR,unknown,DEU,stored
"""

MOVES = """date,kind,lot,asset,quantity,unit,price,total,currency,fees,location,client
2023-03-12,buy,A,gallium,10,kg,280.50,,EUR,35,Frankfurt,
2023-05-10,order,B,germanium,4,kg,1150,,EUR,20,,
2023-07-01,deliver,B,,3,kg,,,EUR,,Zürich,
2024-01-20,buy,C,indium,15,kg,260,,USD,18,Frankfurt,
2025-06-30,sell,A,gallium,6,kg,780,,EUR,25,Frankfurt,
2025-08-01,loss,C,indium,1,kg,,,EUR,,Frankfurt,
2025-10-01,storage,B,,,,,48,EUR,,Zürich,
2025-12-01,tax,,,,,,90,EUR,,,
"""
"""A file of movements: part of an order is open, and there are a sale, a loss and costs."""

Record = dict[str, Any]


def settings() -> Settings:
    """The shipped defaults."""
    return resolve({}, file=None)


@functools.cache
def context(day: date = AS_OF, country: str = "DEU") -> Context:
    """The bundled data as known on a day to an owner in a country; the ledger of all days is made once in a process."""
    if day != AS_OF:
        return context(AS_OF, country).on(day)
    return Context(resolve({"owner.country": country}, file=None), day)


@once
def proposal(strategy: str = "physical-basket", **options: Any) -> Record:
    """The run object of a strategy."""
    return optimize(Request(strategy, context(), **options)).record.to_json()


def renamed(record: Record, names: tuple[str, ...]) -> Record:
    """The record with the first holdings, the strategy, a limit and a warning under hostile names."""
    changed = copy.deepcopy(record)
    for position, name in zip(changed["positions"], names, strict=False):
        position["name"] = name
        for rows in (changed["assets"], changed["controls"]):
            for row in rows:
                if row["asset"] == position["asset"]:
                    row["name"] = name
    changed["strategy"]["title"] = changed["about"]["idea"] = names[0]
    changed["constraints"][0]["name"] = names[1]
    changed["warnings"] = [*changed["warnings"], *names]
    return changed


def all_cash(record: Record) -> Record:
    """The same run with nothing bought: what a budget below every lot comes to."""
    changed = copy.deepcopy(record)
    for position in changed["positions"]:
        position |= {"weight": 0.0, "value": 0.0, "quantity": 0.0, "cost": 0.0, "lots": 0}
    changed["cash"] = {"weight": 1.0, "value": changed["budget"], "previous_weight": 1.0}
    changed["costs"] |= {"entry": 0.0, "holding_per_year": 0.0, "annualised": 0.0}
    changed["orders"] = []
    changed["at_last_prices"] = {"value": changed["budget"], "limits_broken": []}
    changed["risk"] |= {"volatility": 0.0, "cvar_95": 0.0, "diversification_ratio": None, "systematic": None}
    changed["risk_contributions"] = dict.fromkeys(changed["risk_contributions"], 0.0)
    exposures = changed["exposures"]
    exposures |= {"country": {}, "country_other": 0.0, "controlled": 0.0, "concentration": {"hhi": None, "n_minus_1": None}}
    return changed


def with_parts(record: Record) -> Subject:
    """A run and what is found beside it."""
    return Subject(record, _parts(json.dumps(record)))


@once
def _parts(record: str) -> dict[str, Any]:
    found = subject_of(json.loads(record))
    return subjects.with_parts(found, subjects.context_of(found, settings())).parts.to_json()


def in_json(found: Found) -> Subject:
    """A subject of the toolkit as JSON."""
    return Subject(found.record.to_json(), found.parts.to_json())


def confirmed(path: Path, known: Context, prices: PriceFiles | None = None) -> Path:
    """A file of lots with the layout of an owner to whom its texts mean nothing more than they say, where something is asked."""
    found = map_holdings(str(path), known, prices=prices)
    if found.questions:
        kinds = {"column": "ignore", "text": "no_meaning"}
        answers = {one.name: one.proposed or kinds[one.about] for one in found.read.questions}
        write_layout(map_holdings(str(path), known, prices=prices, answers=answers), str(beside(path)))
    return path


def holdings(path: Path, text: str = HOLDINGS, **options: Any) -> Subject:
    """What a file of lots holds."""
    path.write_text(text, encoding="utf-8")
    return _held(confirmed(path, context(), options.get("prices")), **options)


@once
def _held(path: Path, **options: Any) -> Subject:
    return in_json(subjects.holdings(ExposureRequest(str(path), context(), **options)))


@once
def market() -> Subject:
    """The market alone."""
    return in_json(subjects.market(context()))


@once
def factors(day: date) -> Factors:
    """What `toolkit factors` answers on a day, which takes five seconds."""
    return factor_model(context(day), "physical-basket")


@once
def backtest() -> Subject:
    """Equal weight over nine months beside its baselines, on the bundled data."""
    request = BacktestRequest((Request("equal-weight", context()),), date(2025, 8, 31))
    return in_json(subjects.backtest(simulate(request), context()))


@once
def conflict() -> Subject:
    """A strategy whose limits contradict each other."""
    with pytest.raises(NoAnswer) as refused:
        optimize(Request("physical-basket", context(), ("constraint.any metal.upper=0.01",)))
    return with_parts(refused.value.record.to_json())


@functools.cache
def law(day: date = AS_OF) -> Record:
    """Controls, dates and sources of the law on a day, as every subject has them; copy it before changing it."""
    return subjects.market_record(context(day)).to_json() | {"warnings": []}


def finder(part: Part, day: date = AS_OF) -> Callable[..., Findings]:
    """Findings of a subject of the law alone with one part beside it: keys of the subject, assets and language are given."""
    inputs, base = context(day), {**law(day), "data": [], "warnings": []}

    def of(lang: str = "en", assets: tuple[str, ...] | None = None, **keys: Any) -> Findings:
        record = {**base, **keys}
        found = part.find(asked(inputs, assets or inputs.products.keys, record))
        return partial_findings(record, {part.name: found}, language(lang))

    return of
