"""Damaged options, strategies, events, lots and data packages: an exit code of the contract, an object, and never a traceback."""

import contextlib
import io
import json
import os
import random
import shutil

import pytest

from toolkit.app.definitions import definitions
from toolkit.cli.main import run
from toolkit.data.package import bundled_folder

CASES = int(os.environ.get("TOOLKIT_FUZZ", "25"))
"""Of each kind; thousands with TOOLKIT_FUZZ=2000."""
CODES = {0, 2, 3, 4, 5, 6, 7, 8}
WORDS = [
    "nan",
    "inf",
    "-1",
    "1e308",
    "true",
    "[]",
    "{}",
    "''",
    "x" * 300,
    "\u202e",
    "\x07",
    "=1+1",
    "2026-02-30",
    "9" * 5000,
    "[" * 50,
    "CHN",
    "0",
]
EVENTS = (
    "event_id,kind,instrument,standing,announced,effective,authority,origin,metals,forms,citation\n"
    "own-1,control,licence,official,2026-11-01,2026-11-20,Ministry,CHN,hafnium,metal,gazette\n"
)
LOTS = (
    "lot_id,asset,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status\n"
    "a,gallium,10,kg,2025-01-31,300,EUR,CHN,Hamburg,stored\nb,germanium,2.5,kg,2024-05-31,1500,EUR,unknown,,stored\n"
)


def _mutated(text, chance):
    """One to three cuts, doublings, swaps of a word or of a byte."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.randrange(1, 20))
        text = chance.choice([
            lambda at=at, end=end, text=text: text[:at] + text[end:],
            lambda at=at, text=text: text[:at],
            lambda at=at, end=end, text=text: text[:end] + text[at:],
            lambda at=at, end=end, text=text: text[:at] + chance.choice(WORDS) + text[end:],
            lambda at=at, end=end, text=text: text[:at] + chr(chance.choice([0, 7, 34, 44, 59, 91, 123, 233, 0x2028])) + text[end:],
        ])()  # fmt: skip
    return text


def _event(chance, folder):
    (folder / "e.csv").write_text(_mutated(EVENTS, chance), encoding="utf-8")
    return ["controls", "hafnium", "--events", str(folder / "e.csv")]


def _lots(chance, folder):
    (folder / "l.csv").write_text(_mutated(LOTS, chance), encoding="utf-8")
    return ["exposure", str(folder / "l.csv")]


def _strategy(chance, folder):
    shipped = chance.choice(definitions("strategies")).path.read_text(encoding="utf-8")
    (folder / "s.toml").write_text(_mutated(shipped, chance), encoding="utf-8")
    return ["strategies", "check", str(folder / "s.toml")]


def _option(chance, _):
    name = chance.choice(["--loss", "--elasticity", "--cap", "--premium", "--currency", "--destination", "--as-of", "--seed"])
    return ["shock", chance.choice(["gallium", *WORDS[:8]]), f"{name}={chance.choice(WORDS)}"]


def _package(chance, folder):
    package = folder / "package"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(bundled_folder(), package)
    files = sorted(package.glob("*.csv"))
    path = package / "datapackage.json" if chance.random() < 0.5 else chance.choice(files)
    path.write_text(_mutated(path.read_text(encoding="utf-8"), chance), encoding="utf-8")
    return ["data", "list", "--data", str(package)]


@pytest.mark.parametrize("make", [_event, _lots, _strategy, _option, _package], ids=lambda make: make.__name__[1:])
def test_damage_has_an_exit_code_of_the_contract(make, tmp_path):
    faulty = []
    for seed in range(CASES):
        command = [*make(random.Random(f"{make.__name__} {seed}"), tmp_path), "--json"]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(command)
        try:
            json.loads(out.getvalue())
            whole = True
        except ValueError:
            whole = False
        if code not in CODES or not whole or "Traceback" in err.getvalue():
            faulty.append((seed, code, out.getvalue()[:300], err.getvalue()[:200]))
    assert not faulty, faulty[:5]
