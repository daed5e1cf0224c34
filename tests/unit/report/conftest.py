"""Run objects to render: real proposals on the bundled data and on a file of two unknown assets, and one all in cash."""

from __future__ import annotations

import copy
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from toolkit.app.config import resolve
from toolkit.app.optimize import propose
from toolkit.app.report import report_html
from toolkit.app.request import Request

AS_OF = date(2026, 11, 24)
HOSTILE = ("<script>alert(1)</script>", "\u202edlog-neila", "稀土 Überlänge", "x" * 300)
HOLDINGS = """lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status
a,gallium,metal,4N,12,kg,2025-01-10,600,EUR,CHN,DEU,stored
b,germanium,metal,5N,5,kg,2025-01-10,2600,EUR,CHN,DEU,stored
c,gold,metal,999.9,0.1,kg,2025-01-10,90000,EUR,unknown,DEU,stored
"""

Record = dict[str, Any]


def proposal(strategy: str = "physical-basket", **options: str) -> Record:
    """The run object of a strategy of the repository."""
    return dict(propose(Request(strategy, resolve({}, file=None), AS_OF, **options)).record)


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
    changed["risk"] |= {"volatility": 0.0, "cvar_95": 0.0, "diversification_ratio": None, "systematic": None}
    changed["risk_contributions"] = dict.fromkeys(changed["risk_contributions"], 0.0)
    exposures = changed["exposures"]
    exposures |= {"country": {}, "country_other": 0.0, "controlled": 0.0, "concentration": {"hhi": None, "n_minus_1": None}}
    return changed


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report-input")
    (folder / "holdings.csv").write_text(HOLDINGS, encoding="utf-8")
    draw = random.Random(1)
    price, rows = [100.0, 100.0], [f"date,{HOSTILE[0]},{HOSTILE[2]}"]
    for month in range(40):
        price = [p * (1 + draw.gauss(0, 0.04)) for p in price]
        rows.append(f"{2023 + month // 12}-{1 + month % 12:02d},{price[0]:.2f},{price[1]:.2f}")
    (folder / "two.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def records(files: Path) -> dict[str, Record]:
    """By name: normal, moved (something is held today), tiny, cash, hostile, shocks (scenarios), origins (a choice of them)."""
    normal = proposal()
    return {
        "normal": normal,
        "moved": proposal(holdings=str(files / "holdings.csv")),
        "tiny": proposal("equal-weight", prices=str(files / "two.csv")),
        "cash": all_cash(normal),
        "hostile": renamed(normal, HOSTILE),
        "shocks": proposal("us-ban-returns"),
        "origins": proposal("origin-at-a-premium"),
    }


@pytest.fixture(scope="session")
def pages(records: dict[str, Record]) -> dict[str, str]:
    return {name: report_html(record) for name, record in records.items()}
