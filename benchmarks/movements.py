"""Time and memory of commands on a long file of movements, as whole processes: `python -m benchmarks.movements [ROWS ...]`.

The file is one that an advisor keeps: forty clients, eight metals, two currencies, four years; lots are ordered, delivered,
moved and stored, and most are sold in part.
"""

from __future__ import annotations

import csv
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

LEVELS = {
    "gallium": 500, "germanium": 1900, "indium": 300, "tungsten": 60, "bismuth": 15, "silver": 900, "antimony": 20,
    "rhenium": 1600,
}  # fmt: skip
FIRST, LAST = date(2022, 12, 1), date(2026, 11, 30)
PLACES = ("Frankfurt", "Zürich", "Singapore")
HEAD = ("date", "kind", "lot", "asset", "quantity", "unit", "price", "currency", "fees", "location", "to", "client", "document")
COMMANDS = ("performance FILE", "performance FILE --json", "holdings stock FILE", "exposure FILE")


def movements(seed: int = 1) -> Iterator[dict[str, Any]]:
    """Movements of one lot after the other, without an end."""
    rng = random.Random(seed)
    for number in range(1, 1_000_000):
        client, asset, place = f"Client {rng.randrange(40):02}", rng.choice([*LEVELS]), rng.choice(PLACES)
        lot, held, day = f"L{number:06}", Decimal(rng.randint(100, 50_000)) / 100, FIRST + timedelta(rng.randint(0, 1200))
        money = {"currency": "USD" if rng.random() < 0.2 else "EUR"}
        of_lot = {"lot": lot, "client": client}
        metal = {**of_lot, "asset": asset, "unit": "kg", **money}
        kind = "order" if rng.random() < 0.1 else "buy"
        price, fees = round(LEVELS[asset] * rng.uniform(0.7, 1.6), 2), round(rng.uniform(5, 90), 2)
        paid = {"price": price, "fees": fees, "location": place, "document": f"R{number}"}
        yield {**metal, "date": day, "kind": kind, "quantity": held, **paid}
        if kind == "order":
            day += timedelta(rng.randint(20, 60))
            yield {**of_lot, "date": day, "kind": "deliver", "quantity": held, "unit": "kg", "document": f"D{number}"}
        if rng.random() < 0.2:
            day, to = day + timedelta(rng.randint(1, 40)), rng.choice(PLACES)
            yield {**metal, "date": day, "kind": "transfer", "quantity": held, "location": place, "to": to, "fees": 12.5}
            place = to
        if rng.random() < 0.3:
            yield {**of_lot, **money, "date": day, "kind": "storage", "price": round(rng.uniform(5, 90), 2)}
        for part in range(rng.choice((0, 0, 1, 1, 2))):
            day = min(day + timedelta(rng.randint(1, 90)), LAST)
            quantity = held if rng.random() < 0.3 else (held * rng.randint(10, 90) / 100).quantize(Decimal("0.01"))
            price, fees = round(LEVELS[asset] * rng.uniform(0.8, 1.9), 2), round(rng.uniform(5, 40), 2)
            paid = {"price": price, "fees": fees, "location": place, "document": f"S{number}-{part}"}
            yield {**metal, "date": day, "kind": "sell", "quantity": quantity, **paid}
            held -= quantity
            if not held:
                break


def write(file: Path, rows: int) -> None:
    """The first movements by their days."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, HEAD)
        writer.writeheader()
        writer.writerows(sorted(islice(movements(), rows), key=lambda row: row["date"]))


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [5_000, 20_000, 40_000]
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            file = Path(folder) / f"{rows}.csv"
            write(file, rows)
            for command in COMMANDS:
                words = [sys.executable, "-m", "toolkit", *command.replace("FILE", str(file)).split(), "--as-of", str(LAST)]
                began = time.perf_counter()
                null = os.open(os.devnull, os.O_WRONLY)
                outputs = [(os.POSIX_SPAWN_DUP2, null, stream) for stream in (1, 2)]
                _, status, used = os.wait4(os.posix_spawn(words[0], words, os.environ, file_actions=outputs), 0)
                took, code = time.perf_counter() - began, os.waitstatus_to_exitcode(status)
                print(f"{rows:6} rows  {command:26} {took:6.2f} s  {used.ru_maxrss / 1024:4.0f} MB  exit {code}")


if __name__ == "__main__":
    main()
