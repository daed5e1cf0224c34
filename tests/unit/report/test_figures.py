"""Every figure in the HTML is found again in the JSON of the same run: `run.json` and `findings.json`, and nothing else.

A figure is found when some number of the JSON, as a fraction, a percentage, points, tonnes for kilograms or HHI of 10,000, is written
like it with the same decimals or to three digits, or when it stands in a text of the JSON (numbers of notices, purities). The few
that a section works out are named below with how.
"""

from __future__ import annotations

import bisect
import html
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.records import Subject, report_html, subject_of
from tests.subjects import backtest, holdings, market, settings
from toolkit.app.subjects import DEFAULT_REPORT, context_of, with_parts
from toolkit.report.topics.countries import COUNTRIES_SHOWN

TOKEN = re.compile(r"(?<![\w.,])[−+]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w])")
IN_TEXT = re.compile(r"\d[\d,]*(?:\.\d+)?")
HASH = re.compile(r"^[0-9a-f]{12}(?=[0-9a-f]{52}$)")
"""What a page shows of a SHA-256: one in 281 has no letter there."""
UNITS = (1.0, 100.0, 1e-3, 1e4, 12.0, 1 / 12)
"""Fractions as per cent, kg as tonnes, indices of 10,000, a year in months."""


def numbers(data: Any) -> Iterator[float]:
    """Every number of JSON, and how many entries each list has: that is counted on the page."""
    match data:
        case bool() | None | str():
            return
        case int() | float():
            yield abs(float(data))
        case Mapping():
            yield float(len(data))
            for value in data.values():
                yield from numbers(value)
        case list():
            yield float(len(data))
            for value in data:
                yield from numbers(value)


def texts(data: Any) -> Iterator[str]:
    match data:
        case str():
            yield data
        case Mapping():
            for key, value in data.items():
                yield str(key)
                yield from texts(value)
        case list():
            for value in data:
                yield from texts(value)


def worked_out(record: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[float]:
    """Figures that a section makes of those in the JSON."""
    countries = record.get("exposures", {}).get("country", {}).values()
    yield sum(sorted(countries, reverse=True)[COUNTRIES_SHOWN:])
    for series in parts.get("prices", {}).get("series", ()):  # a relative error as an amount
        yield from (month["level"] * month["error"] for month in series["months"] if month.get("error") and month["level"])
    for state in ("free", "running"):  # lots of one state of the holding period, told together
        tax = parts.get("exit", {}).get("tax") or {}
        lots = [lot for lot in tax.get("lots", ()) if lot["gain"] is not None]
        some = [lot for lot in lots if (lot["free_from"] <= record["as_of"]) == (state == "free")]
        for key in ("cost", "value", "gain"):
            yield from (abs(sum(lot[key] for lot in chosen)) for chosen in (some, lots))
    for one in record.get("backtest", {}).get("strategies", ()):
        gains, figures = one["attribution"]["gains"], one["figures"]
        paid = sum(one["attribution"][key] for key in ("costs", "storage", "lost"))
        yield figures["costs"] + figures["storage"]  # what it cost a year
        yield abs(one["wealth"][-1] - record["backtest"]["budget"])  # the sum of the attribution, and parts of the budget
        yield from (
            abs(value) / record["backtest"]["budget"]
            for value in (*gains.values(), one["wealth"][-1] - record["backtest"]["budget"])
        )
        yield from (one["attribution"][key] / record["backtest"]["budget"] for key in ("costs", "storage", "lost"))
        yield sum(gains.values())
        yield paid / max(sum(gains.values()), 1e-9)
        rows = one["weights"][1:]  # means over the dates, and cash
        means = {key: sum(row.get(key, 0.0) for row in rows) / len(rows) for row in rows for key in row}
        yield from (*means.values(), 1 - sum(means.values()), *(1 - sum(row.values()) for row in rows))
        for kind in {incident["kind"] for incident in one["incidents"]}:
            same = [incident for incident in one["incidents"] if incident["kind"] == kind]
            yield from (len(same), sum(incident["amount"] or 0.0 for incident in same))
    for one in record.get("backtest", {}).get("comparisons", ()):
        if one["interval"]:  # the least difference that is told from chance
            yield (one["interval"]["high"] - one["interval"]["low"]) / 2
    for row in record.get("upcoming", ()):  # how much of the value a dated change names
        named = {metal.strip() for metal in row["metals"].split(";")}
        yield sum(p["weight"] for p in record.get("positions", ()) if (p["offer_of"] or p["asset"]) in named)
        lots = [
            lot for lot in record.get("exposure", {}).get("lots", ()) if lot["asset"] in named and lot["status"] != "planned"
        ]
        for some in (lots, [lot for lot in lots if lot["export_from"] == "CHN"]):
            yield sum(lot["value"] or 0.0 for lot in some) / (record.get("exposure", {}).get("value") or 1.0)
    for side in ("buy", "sell"):
        yield sum(order["value"] for order in record.get("orders", ()) if order["side"] == side)
    if "positions" in record:  # what is left of the budget after each step of the waterfall, and changes of weights
        entry = record["costs"]["items"]["entry"]
        scale = record["costs"]["entry"] / max(sum(entry.values()), 1e-9)  # in cents, so that the sum closes
        steps = [step * scale for step in sorted(entry.values(), reverse=True)]
        yield from steps
        left = itertools.accumulate([record["budget"], *(-step for step in steps)])
        yield from (abs(value) for value in left)
        for p in record["positions"]:
            yield abs(p["weight"] - p["previous_weight"])
            yield abs(p["weight"] - p["relaxed_weight"])
            yield abs(p["value"] - p["previous_weight"] * record["budget"])
            yield p["cost"] / max(record["costs"]["entry"], 1e-9)
        yield abs(record["cash"]["weight"] - record["relaxed"]["cash"])
        yield record["costs"]["entry"] / record["budget"]
        yield (record["risk"]["cvar_95"] or 0.0) * (record["budget"] - record["costs"]["entry"])
        yield sum(abs(p["weight"] - p["relaxed_weight"]) for p in record["positions"]) / 2
        yield sum(p["value"] for p in record["positions"])
        yield record["at_last_prices"]["value"] - record["cash"]["value"]


class Figures:
    """The numbers that a page may show."""

    def __init__(self, record: Mapping[str, Any], parts: Mapping[str, Any]) -> None:
        data = [record, parts]
        self.words = {found.lstrip("0") for text in texts(data) for found in (*IN_TEXT.findall(text), *HASH.findall(text))}
        found = {*numbers(data), *worked_out(record, parts)}
        self.values = sorted({value * unit for value in found for unit in UNITS})

    def has(self, token: str) -> bool:
        bare = token.lstrip("−+").replace(",", "")
        if bare.lstrip("0") in self.words or token.lstrip("−+") in self.words:
            return True
        value, decimals = float(bare), len(bare.partition(".")[2])
        digits = len(bare.replace(".", "").strip("0"))
        room = 0.5 * 10.0**-decimals
        if digits <= 3 and "." not in bare and value >= 1000:  # written to three digits
            room = max(room, 0.5 * 10 ** (len(bare) - 3))
        at = bisect.bisect_left(self.values, value - room * (1 + 1e-6))
        return at < len(self.values) and self.values[at] <= value + room * (1 + 1e-6)


def shown(page: str) -> list[tuple[str, str]]:
    """(figure, the words around it) of a page, without dates, markers and drawings, whose figures are in its data tables."""
    body = page.split("</style>", 1)[1]
    body = re.sub(
        r"<svg.*?</svg>|<span class=\"src\">.*?</span>|<time[^>]*>.*?</time>|<style.*?</style>", " ", body, flags=re.S
    )
    text = html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u202f", " ")
    return [(m[0], " ".join(text[max(0, m.start() - 80) : m.end() + 40].split())) for m in TOKEN.finditer(text)]


def missing(subject: Subject, name: str | None = None) -> list[tuple[str, str]]:
    record, parts = json.loads(json.dumps([subject.record, subject.parts]))
    known = Figures(record, parts)
    page = report_html(record, name or DEFAULT_REPORT[subject.kind], parts)
    figures = shown(page)
    assert len(figures) > 200
    return [(token, around) for token, around in figures if not known.has(token)]


@pytest.mark.parametrize("name", ["normal", "moved", "shocks", "origins", "cash"])
def test_every_figure_of_a_full_report_is_in_the_json_of_the_run(subjects, name):
    assert missing(subjects[name], "full") == []


def test_every_figure_of_a_report_on_holdings_is_in_its_json(tmp_path):
    assert missing(holdings(tmp_path / "holdings.csv")) == []


def test_every_figure_of_a_backtest_is_in_its_json():
    assert missing(backtest()) == []


def test_every_figure_of_the_market_brief_is_in_its_json():
    assert missing(market()) == []


def test_a_figure_that_is_not_in_the_json_is_found_out(subjects):
    record, parts = json.loads(json.dumps([subjects["normal"].record, subjects["normal"].parts]))
    known = Figures(record, parts)
    volatility = f"{100 * record['risk']['volatility']:.3f}"
    assert known.has(volatility)
    assert not known.has("17.7777")
    assert not known.has("123,456.78")
    changed = {**record, "risk": {**record["risk"], "volatility": 0.123456}}
    page = report_html(changed, "full", parts)
    assert any(token == "12.3" and not known.has("12.346") for token, _ in shown(page))


def test_what_is_found_beside_a_run_is_found_again(subjects):
    record = subjects["normal"].record
    found = subject_of(record)
    assert subjects["normal"].parts == with_parts(found, context_of(found, settings())).parts.to_json()
