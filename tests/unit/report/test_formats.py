"""Numbers and dates as REPORT-STYLE 7 writes them."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.report import formats
from toolkit.report.findings import Findings
from toolkit.report.sections.limits import limits
from toolkit.report.text import plain


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.number(-21.34, 1, signed=True), "\u221221.3"),
        (formats.number(17.9, 1, signed=True), "+17.9"),
        (formats.number(-0.04, 1, signed=True), "0.0"),
        (formats.percent(0.498), "49.8%"),
        (formats.percent(None), "–"),
        (formats.limit(0.5), "50%"),
        (formats.limit(0.125), "12.5%"),
        (formats.share(0.0001), "under 0.1%"),
        (formats.money(7135.4, "EUR"), "€7,135"),
        (formats.money(-5, "EUR"), "\u2212€5"),
        (formats.money(5, "CHF"), "CHF\u00a05"),
        (formats.price(1203.85), "1,204"),
        (formats.price(147.6, like=1203.0), "148"),
        (formats.price(0.4211), "0.4211"),
        (formats.quantity(0.1), "0.1"),
        (formats.long_date("2026-11-27"), "27\u00a0November\u00a02026"),
        (formats.distance("2026-11-25", date(2026, 11, 24)), "tomorrow"),
        (formats.distance("2026-11-10", date(2026, 11, 24)), "14\u00a0days ago"),
        (formats.dates_in_words("ends 2026-11-27, not 2026-13-40"), "ends 27\u00a0Nov\u00a02026, not 2026-13-40"),
        (formats.notices("No. 46 of 2024 para 2"), "No.\u00a046/2024\u00a0¶2"),
        (formats.count(1, "holding"), "one holding"),
        (formats.count(13, "holding"), "13 holdings"),
    ],
)
def test_written(written, expected):
    assert written == expected


@pytest.mark.parametrize(
    ("objective", "price", "expected"),
    [
        # d vol / d limit = price / (2 vol): 0.01 * 0.036 / (2 * 0.12) = 0.15 points
        ({"unit": "variance", "risk_aversion": None}, 0.036, "0.15 points less volatility"),
        # 0.01 * 0.05 of 100,000 a year; the same as 0.01 * 0.05 / (6 * 0.12) of volatility
        ({"unit": "cost", "risk_aversion": 6.0}, 0.05, "€50 a year, as much as 0.07 points less volatility"),
        ({"unit": "distance", "risk_aversion": None}, 0.05, "–"),
        ({"unit": "variance", "risk_aversion": None}, None, "–"),
        ({"unit": "variance", "risk_aversion": None}, 1e-9, "next to nothing"),
    ],
)
def test_a_shadow_price_is_told_in_the_unit_of_the_objective(records, objective, price, expected):
    record = dict(records["normal"])
    record["objective"] = {**record["objective"], **objective}
    record["risk"] = {**record["risk"], "volatility": 0.12}
    record["constraints"] = [{**record["constraints"][0], "binding": True, "shadow_price": price}]
    (figure,) = limits.build(Findings.of(record))
    assert plain(figure.body[0].rows[0].cells[-1]) == expected
