"""`toolkit data fetch` as a user runs it, and the walk-through of the docs, against a server on this machine."""

from __future__ import annotations

import contextlib
import json
import math
import os
import pty
import random
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jsonschema
import polars as pl
import pytest

from tests.loopback import Answer, Loopback
from tests.yahoo_charts import CHART, Listing, serve, weekdays
from toolkit.market.sources.ecb import CURRENCIES
from toolkit.market.sources.yahoo import Yahoo
from toolkit.market.store.commit import LogPart, commit, write_data_file
from toolkit.market.store.store import Store
from toolkit.market.tables import Table

REPOSITORY = Path(__file__).resolve().parents[2]
FUNDS = ("REMX", "LIT", "COPX", "PICK", "URA", "GLD", "SLV", "PPLT", "PALL")
LAST = date.today() - timedelta(days=1)


def walk(seed: int) -> list[tuple[date, float]]:
    """Closes of four years to yesterday, from common moves and a fund's own."""
    common, own = random.Random(0), random.Random(seed)
    days = [day for day in weekdays(LAST - timedelta(days=4 * 365), 1100) if day <= LAST]
    level, closes = math.log(50.0), []
    for day in days:
        level += 0.008 * common.gauss(0, 1) + 0.009 * own.gauss(0, 1)
        closes.append((day, round(math.exp(level), 2)))
    return closes


def rates() -> Answer:
    """Reference rates of the last days, in every currency."""
    days = [day for day in weekdays(LAST - timedelta(days=7), 6) if day <= LAST]
    head = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE"
    lines = [f"EXR.D.{code}.EUR.SP00.A,D,{code},EUR,SP00,A,{day},1.25" for code in CURRENCIES for day in days]
    return Answer("\n".join([head, *lines, ""]).encode(), headers={"Content-Type": "text/csv"})


@pytest.fixture(scope="module")
def listings():
    return {fund: Listing(walk(i + 1)) for i, fund in enumerate(FUNDS)}


@pytest.fixture
def server(listings):
    with Loopback().running() as running:
        serve(running, listings)
        running.routes["/data-api.ecb.europa.eu/service/data/EXR/"] = rates()
        yield running


@pytest.fixture
def here(toolkit, server, tmp_path, monkeypatch):
    """Run with the server as the mirror, which bears more than Yahoo, and a folder of a user where the default store is."""
    monkeypatch.setattr(Yahoo, "budget", replace(Yahoo.budget, requests=10_000))

    def run(*arguments):
        return toolkit(*arguments, TOOLKIT_DATA_MIRROR=server.address, XDG_DATA_HOME=str(tmp_path / "data"))

    return run


def test_what_comes_is_told_by_source_and_series_and_the_object_holds_its_schema(here, server):
    done = here("data", "fetch", "yahoo", "--series", "REMX", "--series", "NONE", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    jsonschema.validate(found, json.loads((REPOSITORY / "docs" / "schema" / "fetch.json").read_text()))
    assert [(one["series"], one["status"], one["reason"]) for one in found["series"]] == [
        ("NONE", "failed", "not_found"), ("REMX", "ok", None),
    ]  # fmt: skip
    again = here("data", "fetch", "yahoo", "--series", "REMX")
    assert "1 of 1 series" in again.stdout
    assert "personal use only" in again.stdout
    assert max(map(len, again.stdout.splitlines())) <= 80


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("form", ["terminal", "markdown", "html"])
def test_the_answer_is_told_in_every_format_and_language(here, lang, form):
    done = here("data", "fetch", "yahoo", "--series", "GLD", "--series", "NADA", "--format", form, "--lang", lang)
    assert done.returncode == 0
    word = {"en": "not there", "de": "nicht vorhanden"}[lang]
    assert word in " ".join(done.stdout.replace("\xa0", " ").split())


def test_a_required_series_that_does_not_come_is_exit_4_with_the_answer(here):
    done = here("data", "fetch", "yahoo", "--series", "GLD", "--series", "NONE", "--required", "yahoo:NONE", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["missing"] == ["yahoo:NONE"]


def test_a_source_out_of_reach_is_exit_4_and_offline_answers_from_the_store(here, server):
    assert here("data", "fetch", "yahoo", "--series", "GLD").returncode == 0
    server.routes[CHART + "GLD"] = Answer(status=403)
    assert here("data", "fetch", "yahoo", "--series", "GLD").returncode == 4
    server.asked.clear()
    done = here("data", "fetch", "yahoo", "--series", "GLD", "--offline", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["series"][0]["last"] == max(day for day, _ in walk(6)).isoformat()
    assert not server.asked


def test_without_the_extra_it_says_how_to_install_it(toolkit, monkeypatch):
    monkeypatch.setattr("toolkit.cli.data.LIBRARIES", ("polars", "no_such_library"))
    done = toolkit("data", "fetch", "ecb", "--json")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert "no_such_library" in error["message"]
    assert "[data]" in error["hint"]


def started(server, tmp_path, *arguments, **more):
    """A process of its own that fetches from the server."""
    (tmp_path / "work").mkdir(exist_ok=True)
    fixed = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    settings = {"TOOLKIT_DATA_MIRROR": server.address, "XDG_DATA_HOME": str(tmp_path / "data")}
    command = [sys.executable, "-m", "toolkit", "data", "fetch", *arguments]
    return subprocess.Popen(command, cwd=tmp_path / "work", env={**fixed, **settings}, stdout=subprocess.PIPE, **more)


def test_an_interrupted_fetch_says_what_is_stored_and_leaves_a_store_that_holds(server, here, listings, tmp_path):
    tickers = [f"T{i}" for i in range(16)]
    left, interrupted = iter(tickers[:12]), threading.Event()

    def slow(ticker):
        def answer(asked):
            # Of the twelve that come, two at a time, some come after the first commit; the others while it is interrupted.
            time.sleep(0.4) if next(left, None) else interrupted.wait(60)
            return listings["GLD"].chart(ticker, asked)

        return answer

    for ticker in tickers:
        server.routes[CHART + ticker] = slow(ticker)
    options = [word for ticker in tickers for word in ("--series", ticker)]
    running = started(server, tmp_path, "yahoo", *options, stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "data").rglob("quotations/*.parquet")) and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    interrupted.set()
    assert (running.returncode, out) == (130, ""), err
    assert re.match(r"interrupted; \d+ series are stored", err)
    for ticker in tickers:
        server.routes[CHART + ticker] = lambda asked, ticker=ticker: listings["GLD"].chart(ticker, asked)
    assert here("data", "verify").returncode == 0
    done = here("data", "fetch", "yahoo", *options, "--json")
    assert done.returncode == 0, done.stdout
    assert {one["status"] for one in json.loads(done.stdout)["series"]} == {"ok"}


def test_a_terminal_sees_counts_and_rate_on_stderr(server, tmp_path):
    terminal, end = pty.openpty()
    running = started(server, tmp_path, "yahoo", "--series", "GLD", "--series", "SLV", "--json", stderr=end)
    os.close(end)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal whose process has ended
        while part := os.read(terminal, 4096):
            shown += part
    out, _ = running.communicate(timeout=60)
    os.close(terminal)
    assert b"Fetching" in shown
    assert b"2/2" in shown
    assert len(json.loads(out)["series"]) == 2


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("yaho",), "yahoo"),
        (("yahoo", "--since", "2026"), "2026-05-31"),
        (("yahoo", "--as-of", "2026-01-01"), "--as-of"),
        (("yahoo", "--accept", "gap"), "unit_jump"),
    ],
)
def test_options_that_make_no_sense_are_exit_2(here, arguments, hint):
    done = here("data", "fetch", *arguments, "--json")
    assert done.returncode == 2
    assert hint in json.loads(done.stdout)["error"]["hint"]


def test_a_listed_instrument_without_prices_is_told_how_to_get_them(here):
    done = here("optimize", "listed-proxies", "--json", "--no-report")
    assert done.returncode in (2, 3)
    error = json.loads(done.stdout)["error"]
    assert "toolkit data fetch yahoo --series REMX" in error["hint"]


def test_a_store_is_validated_with_what_was_accepted_told(here, server):
    pence = [(day, close * 100 if i > 500 else close) for i, (day, close) in enumerate(walk(3))]
    server.routes[CHART + "ODD"] = lambda asked: Listing(pence).chart("ODD", asked)
    assert here("data", "fetch", "yahoo", "--series", "ODD", "--accept", "unit_jump").returncode == 0
    found = json.loads(here("data", "validate", "--data", "store", "--json").stdout)["store"]
    assert [(one["rule"], one["action"]) for one in found["quality"] if one["severity"] == "error"] == [
        ("unit_jump", "accepted")
    ]
    assert found["verified"]["damaged"] == []
    told = here("data", "validate", "--data", "store", "--lang", "de").stdout
    assert "unit_jump" in told
    assert "angenommen" in told


def commands() -> list[list[str]]:
    """The command lines of the walk-through, in their order."""
    page = (REPOSITORY / "docs" / "data.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- walk-through -->\n+```sh\n(.*?)```", page, re.DOTALL)
    return [line.split("  #")[0].split()[1:] for line in block.splitlines() if line.startswith("toolkit ")]


def test_every_table_of_a_store_is_held_against_its_contract_and_a_fetch_leaves_nothing(here, tmp_path):
    assert here("data", "fetch", "yahoo", "--series", "REMX").returncode == 0
    assert json.loads(here("data", "verify", "--json").stdout)["uncommitted"] == []
    store = Store.open(tmp_path / "data" / "toolkit" / "store")
    assert json.loads(here("data", "validate", "--data", "store", "--json").stdout)["store"]["tables"] == 1
    first = pl.int_range(pl.len()) == 0
    odd = store.scan("quotations").with_columns(
        asset=pl.lit("LIT"), currency=pl.when(first).then(pl.lit("EUR")).otherwise("currency")
    )
    table = Table.of("quotations")
    file = write_data_file(odd.collect(), table, store.path / "quotations")
    about = {"source": "yahoo", "fetched_at": datetime.now(UTC).isoformat(), "rows": file.rows, "revised": 0}
    commit(store.path, store.head, [LogPart(table, [file], about)])  # no append takes such rows
    done = here("data", "validate", "--data", "store")
    assert done.returncode == 3
    assert "one_currency_a_series" in done.stderr


def test_the_walk_through_of_the_docs_runs_from_the_first_fetch_to_the_report(here, server, tmp_path, listings):
    steps = commands()
    assert [step[0] for step in steps] == ["data", "data", "optimize", "report", "data"]
    for step in steps[:3]:
        done = here(*step)
        assert done.returncode == 0, (step, done.stderr, done.stdout)
    run = json.loads(here(*steps[2], "--json").stdout)
    held = {position["asset"]: position["weight"] for position in run["positions"]}
    assert {*held} == {*FUNDS}
    assert sum(held.values()) + run["cash"]["weight"] == pytest.approx(1, abs=1e-9)
    assert max(held.values()) <= 0.25 + 1e-6
    [table] = [row for row in run["data"] if row["source_id"] == "yahoo"]
    assert "Personal use only" in table["licence"]
    prices = {position["asset"]: position["price_raw"] for position in run["positions"]}
    assert prices["GLD"] > 0
    for step in steps[3:]:
        done = here(*step)
        assert done.returncode == 0, (step, done.stderr, done.stdout)


def test_metals_and_funds_stand_in_one_universe(here, tmp_path):
    assert here("data", "fetch", "yahoo", "--series", "REMX", "--series", "GLD").returncode == 0
    (tmp_path / "work").mkdir(exist_ok=True)
    text = (
        (REPOSITORY / "strategies" / "minimum-risk.toml")
        .read_text()
        .replace('assets = "all"', 'assets = ["gallium", "tungsten", "REMX", "GLD"]')
    )
    (tmp_path / "work" / "mixed.toml").write_text(text)
    done = here("optimize", "mixed.toml", "--data", "store", "--json", "--no-report")
    assert done.returncode == 0, done.stdout
    run = json.loads(done.stdout)
    assert {position["asset"] for position in run["positions"]} == {"gallium", "tungsten", "REMX", "GLD"}
    assert {row["source_id"] for row in run["data"]} >= {"yahoo", "us_census"}
