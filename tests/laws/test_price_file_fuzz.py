"""Mutated price files are read as valid prices or refused in words: nothing else, whatever the damage."""

from __future__ import annotations

import io
import random
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.unit.market.readers.test_quotations import LAYOUTS
from toolkit.core.errors import DataError, SpecError
from toolkit.core.frames import Prices
from toolkit.market.layouts.prices import key_of
from toolkit.market.readers.price_checks import HIGHEST_PRICE, LOWEST
from toolkit.market.readers.prices import read_prices

TODAY = date(2026, 11, 24)
PLAIN = (
    "date,gold,tin\n2024-01-31,60000,25\n2024-02-29,61000.5,\n2024-03-31,62000,26.125\n",
    "date;gold;tin\n31.01.2024;60.000,5;25,5\n29.02.2024;61.000,5;26,25\n",
    "date,asset,price,currency,unit,known_from\n2024-01,gold,60000,USD,kg,2024-02-10\n2024-02,gold,61000,USD,kg,\n",
    "Datum;Metall;Preis;Währung;Einheit\n31.01.2024;gallium;1.234,5;EUR;kg\n28.02.2024;gallium;1.250,25;EUR;kg\n",
)
SEEDS = (*(text for _, text, *_ in LAYOUTS.values()), *PLAIN)
SPLICES = (
    ",", ";", "\t", '"', "\n", "\r\n", "\x00", "\x07", "\x1b[31m", "\ufeff", "\u200b", "-", "1e308", "1e-320", "nan", "inf", "1,234",
    "1.234", "null", "01/02/2024", "2024-13-45", "Close", "asset", "price", "Date", "Ticker", "sep=;", "#", "\u0660", "-5", "0", "=A1",
)  # fmt: skip


def mutated(text: str, rng: random.Random) -> bytes:
    """The text with up to six small damages: bytes, cells, lines, columns."""
    for _ in range(rng.randint(1, 6)):
        at, lines = rng.randrange(len(text) + 1), text.splitlines(keepends=True)
        kind = rng.randrange(5)
        if kind == 0:
            text = text[:at] + rng.choice(SPLICES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + rng.randint(1, 9) :]
        elif kind == 2 and lines:
            text = "".join([*lines, rng.choice(lines)])
        elif kind == 3:
            rng.shuffle(lines)
            text = "".join(lines)
        else:
            text = text.replace(rng.choice(",;.\n0-"), rng.choice(SPLICES), rng.randint(1, 3))
    content = text.encode("utf-8", "replace")
    return content if rng.random() < 0.9 else text.encode(rng.choice(("utf-16", "cp1252")), "replace")


def check(content: bytes, name: str, folder: Path) -> None:
    """The contract of the reader for one content."""
    file = folder / name
    file.write_bytes(content)
    try:
        found = read_prices(file, today=TODAY)
    except (DataError, SpecError) as error:
        refusal = error
    else:
        Prices.validate(found.frame)
        assert found.frame["price"].is_between(LOWEST, HIGHEST_PRICE).all()
        assert found.frame["date"].max() <= TODAY
        names = found.frame["asset"].unique().to_list()
        assert all(asset.isprintable() and len(asset) <= 100 for asset in names)
        if found.shape == "wide":
            fields = {"open", "high", "low", "close", "adjusted", "ignore"}
            assert not [asset for asset in names if key_of(asset) in fields]
        return
    assert refusal.hint
    assert all(sign.isprintable() or sign == "\n" for sign in refusal.message)


@pytest.mark.parametrize("seed", range(20))
def test_a_mutated_text_is_read_or_refused(tmp_path, seed):
    rng = random.Random(seed)
    for _ in range(40):
        check(mutated(rng.choice(SEEDS), rng), "GLD.csv", tmp_path)


def test_a_mutated_parquet_is_read_or_refused(tmp_path):
    buffer = io.BytesIO()
    frame = pl.DataFrame({"date": [date(2024, 1, 31), date(2024, 2, 29)], "gold": [60000.0, 61000.0], "tin": [25.0, None]})
    frame.write_parquet(buffer)
    whole, rng = buffer.getvalue(), random.Random(11)
    for _ in range(25):  # each is read in a process of its own
        content = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        check(bytes(content), "mine.parquet", tmp_path)
