"""`toolkit data` over a store, as commands: formats, languages, exit codes, runs on it."""

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.stores import FETCHED, days, made, rates
from tests.unit.market.store.test_merge import quotations
from toolkit.market.store.store import Store

STRATEGY = """
[about]
title = "Listed beside metal"
idea = "test"
source = "test"
[universe]
assets = ["LIT", "GLD", "gold"]
[objective]
kind = "min_risk"
measure = "variance"
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return made(tmp_path / "s")


def commands(store: Store, folder: Path) -> list[list[str]]:
    return [
        ["list"], ["validate"], ["verify"], ["diff", "2026-06-02", "2026-06-03"], ["query", "SELECT rate FROM fx LIMIT 2"],
        ["export", "fx", str(folder / "fx.parquet")], ["import", str(folder / "fx.parquet")], ["compact"],
    ]  # fmt: skip


def test_every_command_answers_in_every_format_and_language(toolkit, store, tmp_path):
    for command in commands(store, tmp_path):
        for more in ([], ["--json"], ["--format", "markdown"], ["--format", "html"], ["--lang", "de"]):
            done = toolkit("data", *command, "--data", str(store.path), *more)
            assert done.returncode == 0, (command, more, done.stderr)
            assert done.stdout.strip()
            if more == ["--json"]:
                assert isinstance(json.loads(done.stdout), dict)


def test_objects_hold_their_published_schema(toolkit, store, tmp_path):
    import jsonschema

    schemas = Path(__file__).resolve().parents[2] / "docs" / "schema"
    for command in commands(store, tmp_path)[2:]:
        told = json.loads(toolkit("data", *command, "--data", str(store.path), "--json").stdout)
        jsonschema.validate(told, json.loads((schemas / f"data-{command[0]}.json").read_text()))


def test_damage_is_an_error_of_data_with_every_file(toolkit, store):
    path = next((store.path / "prices").glob("*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for command in (["verify"], ["validate"], ["query", "SELECT * FROM prices"]):
        done = toolkit("data", *command, "--data", str(store.path), "--json")
        assert done.returncode == 3, command
    told = json.loads(toolkit("data", "verify", "--data", str(store.path), "--json").stdout)["error"]
    assert [one["file"] for one in told["details"]["damaged"]] == [f"prices/{path.name}"]


def test_codes_of_what_cannot_be_done(toolkit, store, tmp_path):
    none = str(tmp_path / "none")
    assert toolkit("data", "verify", "--data", none).returncode == 3
    assert toolkit("data", "list", "--data", "store").returncode == 3
    assert toolkit("data", "export", "fx", "fx.csv").returncode == 3, "there is no store in the default place"
    assert toolkit("data", "query", "DROP TABLE fx", "--data", str(store.path)).returncode == 2
    assert toolkit("data", "import", "nothing.csv", "--data", str(store.path)).returncode == 3
    assert toolkit("data", "map", "x.csv", "--set", "date").returncode == 2


def test_the_currency_of_a_file_is_told_to_an_import(toolkit, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("date,asset,price\n2026-05-01,gallium,900\n")
    done = toolkit("data", "import", str(file), "--prices-currency", "EUR", "--data", str(tmp_path / "s"), "--json")
    assert done.returncode == 0, done.stdout
    assert Store.open(tmp_path / "s").scan("prices").collect()["currency"].to_list() == ["EUR"]


def test_an_import_makes_the_store_in_its_default_place(toolkit, tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text("date,asset,price,currency,unit\n2026-05-01,gallium,900,EUR,kg\n")
    told = json.loads(toolkit("data", "import", str(file), "--json").stdout)
    assert told["rows"] == 1
    assert Path(told["store"]).is_dir()
    found = json.loads(toolkit("data", "list", "--data", "store", "--json").stdout)["store"]
    assert (found["store"], [one["table"] for one in found["tables"]]) == (told["store"], ["prices"])
    assert "store" not in json.loads(toolkit("data", "list", "--json").stdout)


def with_quotations(folder: Path) -> tuple[Store, list[pl.DataFrame]]:
    """A store with the quotations of two symbols and a rate of the dollar."""
    store = Store.open(folder, create=True)
    days_ = [day for day in days(date(2023, 1, 2), 1200) if day.weekday() < 5]
    frames = []
    for k, symbol in enumerate(("LIT", "GLD")):
        rows = quotations(symbol, [100.0 + 7 * ((i * (k + 3)) % 11) / 10 for i in range(len(days_))])
        frames.append(rows.with_columns(date=pl.Series(days_), known_from=pl.Series(days_)))
    last = FETCHED - timedelta(days=1)
    store.append({"quotations": pl.concat(frames), "fx": rates({last.date(): 1.1})}, source="yahoo", fetched_at=FETCHED)
    return store, frames


def test_metals_and_listed_instruments_are_in_one_universe_and_the_run_names_the_versions(toolkit, tmp_path):
    store, frames = with_quotations(tmp_path / "s")
    strategy = tmp_path / "listed.toml"
    strategy.write_text(STRATEGY)
    question = ["optimize", str(strategy), "--data", str(store.path), "--as-of", "2026-06-02", "--no-report", "--json"]
    first = toolkit(*question)
    assert first.returncode == 0, first.stderr
    run = json.loads(first.stdout)
    assert {position["asset"] for position in run["positions"]} == {"LIT", "GLD", "gold"}
    inputs = next(tmp_path.rglob(f"{run['run_id']}/inputs.json"))
    assert json.loads(inputs.read_text())["store"] == {"versions": {"fx": 0, "quotations": 0}}
    # What comes to be known later changes neither the answer nor its id.
    revised = frames[0].tail(3).with_columns(close=pl.col("close") * 2, adjusted_close=pl.col("adjusted_close") * 2)
    store.append({"quotations": revised}, source="yahoo", fetched_at=FETCHED + timedelta(days=9))
    again = toolkit(*question)
    assert again.stdout == first.stdout
    assert json.loads(inputs.read_text())["store"] == {"versions": {"fx": 0, "quotations": 1}}
    later = json.loads(toolkit(*question[:-3], "2026-06-11", *question[-2:]).stdout)
    assert later["run_id"].split("-")[-1] != run["run_id"].split("-")[-1]


def test_a_listed_instrument_that_is_held_has_the_price_of_the_store(toolkit, tmp_path):
    store, frames = with_quotations(tmp_path / "s")
    file = tmp_path / "mine.csv"
    file.write_text("lot_id,asset,quantity,unit\na,LIT,100,unit\nb,gold,500,g\n")
    asked = [str(file), "--data", str(store.path), "--as-of", "2026-05-31", "--json"]
    exposure = json.loads(toolkit("exposure", *asked).stdout)
    (held,) = exposure["instruments"]
    last = frames[0]["adjusted_close"][-1]
    assert (held["asset"], held["quantity"]) == ("LIT", 100)
    assert held["value"] == pytest.approx(100 * last / 1.1, rel=1e-9)
    run = json.loads(toolkit("optimize", "minimum-risk", "--no-report", "--holdings", *asked).stdout)
    assert next(one for one in run["positions"] if one["asset"] == "LIT")["quantity"] == 100
    assert toolkit("holdings", "check", *asked).returncode == 0
    assert toolkit("exposure", str(file)).returncode == 3, "without the store nobody knows it"


LIST = """Datum;Metall;Preis;Währung;Einheit
01.06.2026;Gallium;1450,00;EUR;kg
01.06.2026;Indium;640;EUR;kg
"""


def test_a_dealers_list_in_the_store_is_a_price_of_the_day_as_with_prices(toolkit, tmp_path):
    path = tmp_path / "liste.csv"
    path.write_text(LIST, encoding="utf-8")
    store = tmp_path / "s"
    assert toolkit("data", "import", str(path), "--data", str(store)).returncode == 0
    day = ("--as-of", "2026-06-30", "--no-report", "--json")
    found = []
    for options in (("--data", str(store)), ("--prices", str(path))):
        run = json.loads(toolkit("optimize", *options, *day).stdout)
        found.append({row["asset"]: (row["price"], row["price_date"], row["weight"]) for row in run["positions"]})
    assert found[0] == found[1]
    assert found[0]["gallium"][:2] == (1450.0, "2026-06-01")
    earlier = json.loads(toolkit("optimize", "--data", str(store), "--as-of", "2026-05-31", "--no-report", "--json").stdout)
    assert all(row["price_date"] < "2026-06-01" for row in earlier["positions"])


def test_of_two_dealers_the_newer_list_counts_and_a_list_beside_it_on_the_command_line(toolkit, tmp_path):
    store = tmp_path / "s"
    older, newer = tmp_path / "a.csv", tmp_path / "b.csv"
    older.write_text("date,asset,price,currency,unit\n2026-06-01,gallium,1700,USD,kg\n")
    newer.write_text("date,asset,price,currency,unit\n2026-06-02,gallium,1450,EUR,kg\n")
    for path in (older, newer):
        assert toolkit("data", "import", str(path), "--source", path.stem, "--data", str(store)).returncode == 0
    run = json.loads(toolkit("optimize", "--data", str(store), "--as-of", "2026-06-30", "--no-report", "--json").stdout)
    row = next(row for row in run["positions"] if row["asset"] == "gallium")
    assert (row["price"], row["price_date"]) == (1450.0, "2026-06-02")


def test_a_list_in_the_store_that_is_too_old_is_a_warning_and_stops_nothing(toolkit, tmp_path):
    path, store = tmp_path / "a.csv", tmp_path / "s"
    path.write_text("date,asset,price,currency,unit\n2026-01-02,gallium,1700,USD,kg\n")
    assert toolkit("data", "import", str(path), "--data", str(store)).returncode == 0
    run = json.loads(toolkit("optimize", "--data", str(store), "--as-of", "2026-10-15", "--no-report", "--json").stdout)
    row = next(row for row in run["positions"] if row["asset"] == "gallium")
    assert row["price_date"] > "2026-01-02"
    assert any("gallium" in words and "too old" in words for words in run["warnings"])
