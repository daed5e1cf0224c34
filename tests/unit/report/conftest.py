"""Run objects to render: real proposals on the bundled data and on a file of two unknown assets, and one all in cash."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.records import Subject, report_html
from tests.subjects import HOLDINGS, HOSTILE, Record, all_cash, proposal, renamed, with_parts
from toolkit.app.prices import PriceFiles


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
        "tiny": proposal("equal-weight", prices=PriceFiles((str(files / "two.csv"),), "USD")),
        "cash": all_cash(normal),
        "hostile": renamed(normal, HOSTILE),
        "shocks": proposal("us-ban-returns"),
        "origins": proposal("origin-at-a-premium"),
    }


@pytest.fixture(scope="session")
def subjects(records: dict[str, Record]) -> dict[str, Subject]:
    """The same with what is found beside them."""
    return {name: with_parts(record) for name, record in records.items()}


@pytest.fixture(scope="session")
def pages(subjects: dict[str, Subject]) -> dict[str, str]:
    """Their full reports as HTML."""
    return {name: report_html(dict(subject.record), "full", parts=subject.parts) for name, subject in subjects.items()}
