"""The demo: what a position means, that a step of a slider is the answer of the whole run, and what too many questions get."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import multiprocessing
import os
import pickle
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.loading import fails_at_first
from tests.stores import prices
from tests.unit.web.visitors import OWN, entered, registered
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.languages import language
from toolkit.app.optimize import optimize
from toolkit.app.subjects import Subject
from toolkit.core.errors import DataError
from toolkit.core.text import half_up
from toolkit.market.sources.base import data_source
from toolkit.market.sources.yahoo import LISTED
from toolkit.market.store.store import Store
from toolkit.records.findings import Parts
from toolkit.records.flows import CustomsFlows
from toolkit.records.sources import Provenance
from toolkit.report.document import Document
from toolkit.web.demo import child, pool, solving
from toolkit.web.demo.position import AVERSION, BUDGET, CAP, Outcome, Position
from toolkit.web.demo.showing import _beside_assets, shown, sliders
from toolkit.web.gate import limits
from toolkit.web.writing import Busy

DAY = date(2026, 11, 26)
STRATEGY = "physical-basket"


@pytest.fixture(scope="module")
def demo() -> solving.Demo:
    """The demo, which gives the same position the same answer, as the queue before it does."""
    found = solving.Demo(DAY)
    found.solve = functools.cache(found.solve)  # type: ignore[method-assign]
    return found


@pytest.fixture(scope="module")
def start(demo):
    return demo.start(STRATEGY)


class TestPosition:
    @given(st.floats(0, 1e7), st.floats(0, 1e7), st.floats(0, 1e7))
    def test_it_is_on_the_grid_and_stays_there(self, budget, aversion, cap):
        position = Position(STRATEGY, budget, aversion, cap)
        assert replace(position) == position
        for grid, value in ((BUDGET, position.budget), (AVERSION, position.aversion), (CAP, position.cap)):
            steps = (value - grid.least) / grid.step
            assert grid.least <= value <= grid.most
            assert steps == pytest.approx(round(steps), abs=1e-6)

    def test_values_between_two_steps_are_one_question(self):
        assert Position(STRATEGY, 101_000, 6.1, 49.6) == Position(STRATEGY, 99_000, 5.9, 50.2)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_what_is_no_number_is_none_of_the_grid(self, value):
        with pytest.raises(ValueError, match="budget"):
            Position(STRATEGY, value, 6, 50)


class TestSolving:
    def test_the_sliders_start_where_the_strategy_does(self, start):
        assert start.position == Position(STRATEGY, 100_000, 6, 50)
        assert (start.currency, start.has_aversion, start.has_cap) == ("EUR", True, True)

    @pytest.mark.parametrize(
        "change",
        [{}, {"budget": 250_000}, {"budget": 30_000, "cap": 70}, {"aversion": 1.5}, {"cap": 60}],
        ids=str,
    )
    def test_a_step_is_the_answer_of_the_whole_run(self, demo, start, change):
        position = replace(start.position, **change)
        outcome = demo.solve(position)
        settings = resolve({"owner.budget": position.budget})
        overrides = (
            f"objective.risk_aversion={position.aversion}",
            f"constraint.under export control.upper={position.cap / 100}",
        )
        request = Request(STRATEGY, Context(settings, DAY, today=DAY), overrides, budget_given=True)
        record = optimize(request).record.to_json()
        rows = {row["asset"]: row for row in record["positions"]}
        for one in outcome.holdings:
            assert (one.lots, one.name) == (rows[one.asset]["lots"], rows[one.asset]["name"])
            assert one.weight == pytest.approx(rows[one.asset]["weight"], abs=1e-9)
            assert one.value == pytest.approx(rows[one.asset]["value"], abs=1e-6)
        assert outcome.cash == pytest.approx(record["cash"]["weight"], abs=1e-9)
        assert outcome.volatility == pytest.approx(record["risk"]["volatility"], rel=1e-9)
        assert outcome.controlled == pytest.approx(record["exposures"]["controlled"], rel=1e-9)
        assert outcome.cost == pytest.approx(record["costs"]["annualised"], rel=1e-9)
        parts = record["cash"]["value"], record["costs"]["entry"]
        assert _beside_assets(outcome, position, language("en")) == tuple(f"\N{EURO SIGN}{half_up(part, 0)}" for part in parts)
        assert sum(one.value for one in outcome.holdings) + sum(parts) == pytest.approx(position.budget)
        assert outcome.oldest == min(row["price_date"] for row in rows.values() if row["weight"] > 0) < outcome.as_of
        code, share = outcome.country
        assert share == pytest.approx(max(record["exposures"]["country"].values()), rel=1e-9)
        assert record["exposures"]["country"][code] == pytest.approx(share)

    def test_while_a_slider_moves_amounts_are_divisible_and_those_of_the_run_before_its_lots(self, demo, start):
        record = optimize(Request(STRATEGY, Context(resolve({}), DAY, today=DAY), budget_given=True)).record.to_json()
        relaxed = {row["asset"]: row["relaxed_weight"] for row in record["positions"]}
        outcome = demo.solve(replace(start.position, whole=False))
        assert {one.lots for one in outcome.holdings} == {None}
        assert {one.asset: one.weight for one in outcome.holdings} == pytest.approx(relaxed, abs=1e-6)

    def test_limits_that_contradict_each_other_are_named(self, demo, start):
        outcome = demo.solve(replace(start.position, cap=0))
        assert outcome.status == "infeasible"
        assert "under export control" in outcome.conflict

    def test_without_controls_nothing_is_under_control(self, demo, start):
        outcome = demo.solve(replace(start.position, scenario="lifted", cap=0))
        assert (outcome.status, outcome.controlled) == ("optimal", 0)
        assert not any(one.controlled for one in outcome.holdings)

    def test_wider_controls_are_those_of_today_and_more(self, demo, start):
        today = demo.solve(replace(start.position, cap=100))
        wider = demo.solve(replace(start.position, cap=100, scenario="wider"))
        controlled = [{one.asset for one in outcome.holdings if one.controlled} for outcome in (today, wider)]
        assert wider.further
        assert controlled[1] == controlled[0] | {*wider.further}

    def test_more_aversion_is_no_more_risk(self, demo, start):
        found = [demo.solve(replace(start.position, aversion=value, cap=100)).volatility for value in (0.5, 20)]
        assert found[1] < found[0]

    @pytest.mark.parametrize("whole", [False])  # in whole lots limits give way
    def test_without_an_answer_the_least_limit_that_has_one_is_told(self, demo, start, whole):
        position = replace(start.position, cap=20, whole=whole)
        outcome = demo.solve(position)
        assert outcome.least_cap is not None
        found = [demo.solve(replace(position, cap=outcome.least_cap - less)).status for less in (0, CAP.step)]
        assert found == ["optimal", "infeasible"]
        told = f"{outcome.least_cap:.0f}%"
        assert told in shown(outcome, position, language("en"))["advice"]

    def test_a_budget_of_few_lots_has_an_answer_in_which_limits_give_way(self, demo, start):
        """A bar of gold is more than it may be of 20,000: there was no answer."""
        assert demo.solve(replace(start.position, budget=20_000)).status == "optimal"

    def test_the_report_is_that_of_the_position(self, demo, start):
        page = _report(demo, replace(start.position, cap=60), "de").decode()
        assert '<html lang="de"' in page
        assert "60" in page
        conflict = _report(demo, replace(start.position, cap=0), "en").decode()
        assert "under export control" in conflict

    @pytest.mark.parametrize(
        ("table", "source", "strategy"), [("quotations", "yahoo", "listed-proxies"), ("prices", "komis", STRATEGY)]
    )
    def test_data_for_own_use_is_shown_to_nobody(self, tmp_path, monkeypatch, start, table, source, strategy):
        terms = data_source(source)
        store = Store.open(tmp_path / "store", create=True)
        store.append({table: _kept(table, source)}, source=source, fetched_at=datetime.now(UTC), described=[terms.description])
        monkeypatch.setenv("TOOLKIT_DATA_PATH", str(store.path))
        demo = solving.Demo(DAY)
        position = replace(start.position, strategy=strategy)
        for ask in (lambda: demo.start(strategy), lambda: demo.document(position, "en")):
            with pytest.raises(DataError, match="may not be shown") as raised:
                ask()
            assert terms.terms in raised.value.message
        # A visitor can ask for an answer without the page.
        assert demo.solve(position).status == "failed"
        assert demo.solve(position).holdings == ()
        if strategy != STRATEGY:
            assert demo.start(STRATEGY).position.strategy == STRATEGY  # nothing of it is in this answer

    def test_a_part_beside_the_answer_is_not_shown_either(self, demo, start, monkeypatch):
        row = Provenance(table="flows", source="UN", source_id="comtrade", licence="own use", as_of=None, known_from="2026-01-01",
                         rows=1, sha256="", overdue_days=0)  # fmt: skip
        found = Parts.model_construct(flows=CustomsFlows.model_construct(data=(row,)))
        monkeypatch.setattr(solving, "with_parts", lambda record, _: Subject(record, found))
        with pytest.raises(DataError, match="UN may not be shown"):
            demo.document(start.position, "en")


def _kept(table: str, source: str) -> pl.DataFrame:
    """Two years of weeks of every fund, or of gallium."""
    days = [DAY - timedelta(weeks=week) for week in range(110, 0, -1)]
    if table == "prices":
        return prices("gallium", {day: 500.0 + (7 * i) % 11 for i, day in enumerate(days)}, source=source)
    told = {"currency": "USD", "factor": 1.0, "volume": None, "dividend": None, "split": None, "exchange": "PCX",
            "repaired": False, "source": source}  # fmt: skip
    walks = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.02, (len(LISTED), len(days))), axis=1))
    parts = [
        pl.DataFrame({"date": days, "asset": fund, "close": 50 * walk, "adjusted_close": 50 * walk, "known_from": days})
        for fund, walk in zip(LISTED, walks, strict=True)
    ]
    return pl.concat(parts).with_columns(**{name: pl.lit(value) for name, value in told.items()})


class TestShowing:
    @pytest.mark.parametrize("code", ["en", "de"])
    @pytest.mark.parametrize("change", [{}, {"cap": 0}, {"scenario": "wider", "cap": 90}], ids=str)
    def test_every_answer_has_a_sentence(self, demo, start, code, change):
        position, say = replace(start.position, **change), language(code)
        data = shown(demo.solve(position), position, say)
        assert len(data["finding"]) > 10
        assert [one["name"] for one in sliders(start, position, say)["ranges"]] == ["budget", "aversion", "cap"]
        assert bool(data.get("note")) == (change.get("scenario") == "wider")

    def test_bars_are_as_long_as_weights(self, demo, start):
        data = shown(demo.solve(start.position), start.position, language("en"))
        lengths = [row["width"] for row in data["rows"]]
        weights = sorted((one.weight for one in demo.solve(start.position).holdings if one.weight), reverse=True)
        assert lengths == pytest.approx([weight * lengths[0] / weights[0] for weight in weights], abs=0.02)
        assert max(lengths) <= 100


class _Pool:
    """A pool whose questions are answered by the test."""

    def __init__(self) -> None:
        self.asked: list[tuple[Position, Future]] = []

    def schedule(self, function, args, timeout):
        future: Future = Future()
        self.asked.append((args[0], future))
        return future


@pytest.fixture
def solver(monkeypatch):
    found = pool.Solver((), wall=4, waiting=2)
    found._pool = _Pool()  # type: ignore[assignment]
    found._day = date.today()
    found._ready = Future()
    found._ready.set_result(True)
    return found


def answer() -> Outcome:
    return Outcome("optimal", DAY.isoformat(), "EUR")


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


class TestQueue:
    ONE, OTHER = Position(STRATEGY, 100_000, 6, 50), Position(STRATEGY, 100_000, 6, 51)

    def test_what_was_answered_is_not_asked_again(self, solver):
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(solver.solve, self.ONE, "a")
            until(lambda: solver._pool.asked)
            solver._pool.asked[0][1].set_result(answer())
            assert waiting.result() == answer()
        assert solver.solve(self.ONE, "b") == answer()
        assert len(solver._pool.asked) == 1

    def test_two_who_ask_the_same_are_one_calculation(self, solver):
        with ThreadPoolExecutor() as threads:
            waiting = [threads.submit(solver.solve, self.ONE, session) for session in "ab"]
            until(lambda: len(solver._newest) == 2)
            assert len(solver._pool.asked) == 1
            solver._pool.asked[0][1].set_result(answer())
            assert [one.result() for one in waiting] == [answer()] * 2

    def test_a_newer_question_takes_the_place_of_one_that_waits(self, solver):
        with ThreadPoolExecutor() as threads:
            first = threads.submit(solver.solve, self.ONE, "a")
            until(lambda: solver._pool.asked)
            second = threads.submit(solver.solve, self.OTHER, "a")
            with pytest.raises(Busy):
                first.result()
            until(lambda: len(solver._pool.asked) == 2)
            solver._pool.asked[1][1].set_result(answer())
            assert second.result() == answer()

    def test_what_somebody_else_waits_for_is_not_taken_away(self, solver):
        with ThreadPoolExecutor() as threads:
            solver._seats = threading.BoundedSemaphore(3)
            mine = threads.submit(solver.solve, self.ONE, "a")
            theirs = threads.submit(solver.solve, self.ONE, "b")
            until(lambda: len(solver._newest) == 2)
            newer = threads.submit(solver.solve, self.OTHER, "a")
            until(lambda: len(solver._pool.asked) == 2)
            for _, future in solver._pool.asked:
                future.set_result(answer())
            assert [one.result() for one in (mine, theirs, newer)] == [answer()] * 3

    def test_more_than_may_wait_are_told_to_come_again_and_answers_known_are_given(self, solver):
        solver._answers[solver._day, self.OTHER] = answer()
        third = replace(self.ONE, cap=70)
        with ThreadPoolExecutor() as threads:
            waiting = [threads.submit(solver.solve, replace(self.ONE, cap=cap), str(cap)) for cap in (10, 20)]
            until(lambda: len(solver._pool.asked) == 2)
            with pytest.raises(Busy):
                solver.solve(third, "c")
            assert solver.solve(self.OTHER, "c") == answer()
            for _, future in solver._pool.asked:
                future.set_result(answer())
            assert [one.result() for one in waiting] == [answer()] * 2

    def test_the_cache_has_an_end(self, solver, monkeypatch):
        monkeypatch.setattr(pool, "ANSWERS_KEPT", 2)
        with ThreadPoolExecutor() as threads:
            for number, cap in enumerate((10, 20, 30)):
                waiting = threads.submit(solver.solve, replace(self.ONE, cap=cap), "a")
                until(lambda number=number: len(solver._pool.asked) == number + 1)
                solver._pool.asked[-1][1].set_result(answer())
                waiting.result()
        assert [position.cap for _, position in solver._answers] == [20, 30]


def eventually(solver: pool.Solver, position: Position) -> Outcome:
    """The answer once the process is there again."""
    end = time.monotonic() + 100
    while True:
        try:
            return solver.solve(position, "a")
        except Busy:
            assert time.monotonic() < end
            time.sleep(0.2)


@pytest.mark.parametrize(("stops", "told"), [(True, []), (False, ["demo.not_loaded"])])
def test_a_process_that_ends_while_it_loads_is_an_error_unless_the_portal_stops(stops, told):
    """A service manager sends its signal to every process of the portal at once."""
    solver, before = pool.Solver((), wall=60, waiting=4), {*multiprocessing.active_children()}
    with capture_logs() as log:
        solver.open(())
        try:
            until(lambda: {*multiprocessing.active_children()} - before)
            solver.stops = stops
            for process in {*multiprocessing.active_children()} - before:
                process.terminate()
            until(solver._ready.done)
        finally:
            solver.close()
    assert [entry["event"] for entry in log] == told


@pytest.mark.skipif(os.name == "nt", reason="a process is told by a signal")
@pytest.mark.parametrize("early", [False, True], ids=["working", "starting"])
def test_a_process_that_is_told_to_end_while_it_prints_ends_its_browser_and_removes_its_files(tmp_path, monkeypatch, early):
    """As the pool does it after a minute, and a portal that stops: while the browser works, or before it is known to."""

    class Ended(BaseException):
        pass

    def end(_):
        raise Ended

    class Told(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)
            if early:
                os.kill(os.getpid(), signal.SIGTERM)

    started: list[Told] = []
    browser, place = tmp_path / "chromium", tmp_path / "places"
    browser.write_text(f"#!/bin/sh\n{'' if early else 'sleep 0.5; kill $PPID'}\nsleep 5\n", "utf-8")
    monkeypatch.setattr(subprocess, "Popen", Told)
    browser.chmod(0o755)
    place.mkdir()
    for name, value in (("TMPDIR", place), ("TOOLKIT_CHROMIUM", browser)):
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(os, "_exit", end)
    former = signal.signal(signal.SIGTERM, lambda *_: None)
    document = pickle.dumps(Document("A", "en", "2026-11-24", "24 November 2026", "A", ()))
    with pytest.raises(Ended):
        child.printed(document, "en", "pdf")
    assert signal.signal(signal.SIGTERM, former) is not former
    assert not [*place.iterdir()]
    assert [one.returncode for one in started] == [-signal.SIGKILL]


def test_a_process_that_is_ended_is_made_again():
    """The real process: ready after loading, ended while it works, and asked again."""
    solver = pool.Solver((), wall=60, waiting=4)
    with pytest.raises(Busy):
        solver.start(STRATEGY)
    solver.open(())
    try:
        until_ready = time.monotonic() + 100
        while not solver.is_ready:
            assert time.monotonic() < until_ready
            time.sleep(0.1)
        start = solver.start(STRATEGY)
        assert solver.solve(start.position, "a").status == "optimal"
        process = solver._pool.schedule(os.getpid).result()  # type: ignore[union-attr]
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(solver.solve, replace(start.position, cap=61), "a")
            os.kill(process, signal.SIGKILL)
            with contextlib.suppress(Busy):  # it may have finished before the end
                waiting.result()
        assert eventually(solver, replace(start.position, cap=62)).status == "optimal"
        with pytest.raises(Busy):  # a calculation may be over before its time is looked at
            solver._wait(lambda: solver._schedule(time.sleep, [30], 0.001))
        assert eventually(solver, replace(start.position, cap=64)).status == "optimal"
        os.kill(solver._pool.schedule(os.getpid).result(), signal.SIGKILL)  # type: ignore[union-attr]
        time.sleep(1)  # while nobody asks
        assert eventually(solver, replace(start.position, cap=65)).status == "optimal"
    finally:
        solver.close()


class _Yesterday(date):
    @classmethod
    def today(cls):
        return date.today() - timedelta(days=1)


def test_a_portal_that_runs_into_a_new_day_answers_by_its_law_and_meanwhile_by_that_of_the_day_before(monkeypatch):
    """Started for the registrations weeks before a webinar, it showed the controls of that day "as in force today"."""
    solver = pool.Solver((), wall=60, waiting=4)
    monkeypatch.setattr(pool, "date", _Yesterday)
    solver.open(())
    try:
        end = time.monotonic() + 200
        while not solver.is_ready:
            assert time.monotonic() < end
            time.sleep(0.1)
        former, position = solver._pool, solver.start(STRATEGY).position
        monkeypatch.undo()
        assert solver.solve(position, "a").as_of == _Yesterday.today().isoformat()
        while solver.solve(position, "a").as_of != date.today().isoformat():
            assert time.monotonic() < end
            time.sleep(0.2)
        assert solver.is_ready
        assert former is not None
        assert former is not solver._pool
        while former.active:
            assert time.monotonic() < end
            time.sleep(0.1)
    finally:
        solver.close()


def test_a_new_day_that_could_not_be_loaded_is_tried_again(monkeypatch, tmp_path):
    """The day was tried once: after one failure the portal showed the controls of the day before until it was started again."""
    solver = pool.Solver((), wall=60, waiting=4)
    monkeypatch.setattr(pool, "date", _Yesterday)
    solver.open(())
    try:
        until(lambda: solver.is_ready, 200)
        position = solver.start(STRATEGY).position
        monkeypatch.undo()
        monkeypatch.setattr(pool.child, "load", functools.partial(fails_at_first, str(tmp_path)))
        solver.solve(position, "a")
        until(lambda: solver._next is None, 200)
        assert solver.solve(position, "a").as_of == _Yesterday.today().isoformat()
        assert solver._next is None  # not before the time of the next try
        monkeypatch.setattr(pool, "NEXT_TRY", 0.0)
        solver._try_again = 0.0
        until(lambda: solver.solve(position, "a").as_of == date.today().isoformat(), 200)
    finally:
        solver.close()


def test_a_strategy_that_cannot_be_shown_is_in_the_log_of_the_portal(tmp_path):
    """Its process wrote the line by itself, on stdout and in colours, while the log is JSON on stderr."""
    (tmp_path / "list.csv").write_text("metal,foo\nx,y\n", encoding="utf-8")
    solver = pool.Solver((str(tmp_path / "list.csv"),), wall=60, waiting=4)
    with capture_logs() as log:
        solver.open((STRATEGY,))
        try:
            until(lambda: log, 200)
        finally:
            solver.close()
    assert [(one["event"], one["strategy"]) for one in log] == [("demo.cannot_show", STRATEGY)]
    assert "list.csv" in log[0]["reason"]


def test_a_first_load_that_fails_is_tried_again(monkeypatch, tmp_path):
    """The room said that the demo warms up, every three seconds, until the portal was started again."""
    solver = pool.Solver((), wall=60, waiting=4)
    monkeypatch.setattr(pool.child, "load", functools.partial(fails_at_first, str(tmp_path)))
    solver.open(())
    try:
        until(solver._ready.done, 200)
        with pytest.raises(Busy):
            solver.start(STRATEGY)
        assert solver._next is None  # not before the time of the next try
        solver._try_again = 0.0
        with pytest.raises(Busy):
            solver.start(STRATEGY)
        until(lambda: solver.is_ready, 200)
        assert solver.solve(solver.start(STRATEGY).position, "a").as_of == date.today().isoformat()
    finally:
        solver.close()


def _report(demo: solving.Demo, position: Position, code: str, kind: str = "html") -> bytes:
    return child.printed(pickle.dumps(demo.document(position, code)), code, kind)


class _Solver:
    """Answers of the demo in this process."""

    def __init__(self, demo) -> None:
        self.demo, self.busy = demo, False

    def start(self, strategy):
        return self.demo.start(strategy)

    def solve(self, position, session):
        if self.busy:
            raise Busy
        return self.demo.solve(position)

    def report(self, position, language, kind):
        return _report(self.demo, position, language, kind)


def _token(room) -> str:
    return room.get("/room/").content.decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


FIELDS = {"budget": "100000", "aversion": "6.0", "cap": "70", "scenario": "today"}


class TestPage:
    @pytest.fixture
    def room(self, client, webinar, demo, monkeypatch):
        monkeypatch.setattr(pool, "solver", _Solver(demo))
        webinar.starts = webinar.created
        webinar.save()
        return entered(client, registered(webinar))

    def test_it_works_by_its_button_alone(self, room):
        page = room.send("/room/solve", FIELDS, page="/room/").content.decode()
        assert 'value="70"' in page
        assert "limit 70%" in page
        assert "<html" in page

    def test_a_slider_that_moves_is_told_to_have_divisible_amounts(self, room):
        moving = {**FIELDS, "moving": "on"}
        part = room.send("/room/solve", moving, page="/room/", headers={**OWN, "HX-Request": "true"}).content.decode()
        assert 'id="divisible"' in part
        assert 'id="divisible"' not in room.send("/room/solve", FIELDS, page="/room/").content.decode()

    def test_its_script_gets_the_answer_alone(self, room):
        part = room.send("/room/solve", FIELDS, page="/room/", headers={**OWN, "HX-Request": "true"}).content.decode()
        assert "limit 70%" in part
        assert "<html" not in part

    def test_when_it_is_busy_the_script_is_told_so_and_keeps_what_it_has(self, room):
        token = _token(room)
        pool.solver.busy = True  # type: ignore[union-attr]
        answer = room.post("/room/solve", {**FIELDS, "csrfmiddlewaretoken": token}, headers={**OWN, "HX-Request": "true"})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]

    @pytest.mark.parametrize(
        "change",
        [
            {"budget": "1_000"}, {"budget": "١٢٣"}, {"budget": "nan"}, {"budget": "1e3"}, {"budget": "-0"}, {"budget": "9" * 5000},
            {"scenario": "other"}, {"strategy": "minimum-risk"}, {"budget": ""},
        ],
        ids=lambda change: str(change)[:30],
    )  # fmt: skip
    def test_what_no_slider_sends_is_refused(self, room, change):
        assert room.send("/room/solve", {**FIELDS, **change}, page="/room/").status_code == 400

    def test_beyond_its_ends_a_slider_is_at_its_end(self, room):
        page = room.send("/room/solve", {**FIELDS, "budget": "9999999", "cap": "999"}, page="/room/").content.decode()
        assert 'value="500000' in page

    def test_one_session_asks_only_so_often(self, room):
        fields = {**FIELDS, "csrfmiddlewaretoken": _token(room)}
        with time_machine.travel(timezone.now(), tick=False):
            most = limits.SOLVES[0].most
            statuses = [room.post("/room/solve", fields, headers=OWN).status_code for _ in range(most + 1)]
        assert statuses == [200] * most + [429]

    def test_the_report_is_a_file_to_take_home(self, room):
        answer = room.send("/room/report", FIELDS, page="/room/")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == 'attachment; filename="report.html"'
        assert b"<html" in answer.content

    def test_the_report_is_a_pdf_where_the_machine_prints_and_no_button_is_shown_elsewhere(
        self, room, demo, start, monkeypatch
    ):
        pdf, without = 'name="format" value="pdf"', replace(start, pdf=False)
        assert (pdf in room.get("/room/").content.decode()) == start.pdf
        if start.pdf:
            answer = room.send("/room/report", {**FIELDS, "format": "pdf"}, page="/room/")
            assert answer.headers["Content-Disposition"] == 'attachment; filename="report.pdf"'
            assert (answer.headers["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
        monkeypatch.setattr(demo, "start", lambda _: without)
        assert pdf not in room.get("/room/").content.decode()
        assert room.send("/room/report", {**FIELDS, "format": "exe"}, page="/room/").status_code == 400

    def test_before_the_start_there_is_nothing_to_solve(self, room, webinar):
        token = _token(room)
        webinar.starts = timezone.now() + timedelta(hours=1)
        webinar.save()
        assert room.post("/room/solve", {**FIELDS, "csrfmiddlewaretoken": token}, headers=OWN).status_code == 400


def test_scripts_of_others_are_those_of_the_manifest():
    from tools.vendor import FOLDER, manifest

    entries = manifest()
    assert {entry["file"] for entry in entries} == {path.name for path in FOLDER.iterdir()} - {"MANIFEST.json"}
    for entry in entries:
        assert hashlib.sha256((FOLDER / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
