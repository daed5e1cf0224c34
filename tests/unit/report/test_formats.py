"""Numbers, amounts and dates as readers of English and German write them, and shadow prices in the unit of the objective."""

from __future__ import annotations

import pytest

from tests.records import partial_findings
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.limits import limits

EN, DE = Formats("en"), Formats("de")
NB, THIN, MINUS = "\u00a0", "\u202f", "\u2212"


@pytest.mark.parametrize(
    ("call", "english", "german"),
    [
        (lambda f: f.number(-21.34, 1, signed=True), f"{MINUS}21.3", f"{MINUS}21,3"),
        (lambda f: f.number(17.9, 1, signed=True), "+17.9", "+17,9"),
        (lambda f: f.number(-0.04, 1, signed=True), "0.0", "0,0"),
        (lambda f: f.number(7134.56, 2), "7,134.56", "7.134,56"),
        (lambda f: f.number(None), "–", "–"),
        (lambda f: f.percent(0.498), "49.8%", f"49,8{THIN}%"),
        (lambda f: f.percent(None), "–", "–"),
        (lambda f: f.limit(0.5), "50%", f"50{THIN}%"),
        (lambda f: f.limit(0.125), "12.5%", f"12,5{THIN}%"),
        (lambda f: f.share(0.0001), f"<{THIN}0.1%", f"<{THIN}0,1{THIN}%"),
        (lambda f: f.points(-0.0213), f"{MINUS}2.1", f"{MINUS}2,1"),
        (lambda f: f.money(7135.4, "EUR"), "€7,135", f"7.135{NB}€"),
        (lambda f: f.money(-5, "EUR"), f"{MINUS}€5", f"{MINUS}5{NB}€"),
        (lambda f: f.money(5, "CHF"), f"CHF{NB}5", f"5{NB}CHF"),
        (lambda f: f.price(1203.85), "1,204", "1.204"),
        (lambda f: f.price(147.6, like=1203.0), "148", "148"),
        (lambda f: f.price(0.4211), "0.4211", "0,4211"),
        (lambda f: f.quantity(0.1), "0.1", "0,1"),
        (lambda f: f.plain_number(-0.2), f"{MINUS}0.2", f"{MINUS}0,2"),
        (lambda f: f.significant(15000, ",.6g"), "15,000", "15.000"),
        (lambda f: f.significant(-1234567.8, ",.6g"), f"{MINUS}1,234,568", f"{MINUS}1.234.568"),
        (lambda f: f.significant(0.949338, ".3g"), "0.949", "0,949"),
        (lambda f: f.long_date("2026-11-27"), f"27{NB}November{NB}2026", f"27.{NB}November{NB}2026"),
        (lambda f: f.short_date("2026-11-07"), f"7{NB}Nov{NB}2026", "07.11.2026"),
        (lambda f: f.short_date(None), "–", "–"),
        (lambda f: f.notices("ends 2026-11-27, not 2026-13-40"), f"ends 27{NB}Nov{NB}2026, not 2026-13-40",
         "ends 27.11.2026, not 2026-13-40"),
        (lambda f: f.notices("No. 46 of 2024 para 2"), f"No.{NB}46/2024{NB}¶2", f"Nr.{NB}46/2024{NB}Ziff.{NB}2"),
    ],
)  # fmt: skip
def test_written(call, english, german):
    assert (call(EN), call(DE)) == (english, german)


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
        # Too little to be written in hundredths of a point, and too much to be nothing: 0.01 * 0.0009 / 0.24
        ({"unit": "variance", "risk_aversion": None}, 0.0009, "less than 0.01 points of volatility"),
    ],
)
def test_a_shadow_price_is_told_in_the_unit_of_the_objective(records, objective, price, expected):
    record = dict(records["normal"])
    record["objective"] = {**record["objective"], **objective}
    record["relaxed"] = {**record["relaxed"], "volatility": 0.12}
    record["constraints"] = [{**record["constraints"][0], "binding": True, "shadow_price": price}]
    (figure,) = limits.build(partial_findings(record))
    assert plain(figure.body[0].rows[0].cells[-1]) == expected
