"""The demo: what a position means, that a step of a slider is the answer of the whole run, and what too many questions get."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

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
from toolkit.app.report import FORMATS
from toolkit.app.subjects import Subject
from toolkit.cli import webinar
from toolkit.core.errors import DataError
from toolkit.core.text import half_up
from toolkit.market.sources.base import data_source
from toolkit.market.sources.yahoo import LISTED
from toolkit.market.store.store import Store
from toolkit.records.findings import Parts
from toolkit.records.flows import CustomsFlows
from toolkit.records.sources import Provenance
from toolkit.web.asgi import later
from toolkit.web.demo import child, crew, pool, solving
from toolkit.web.demo.position import AVERSION, BUDGET, CAP, Outcome, Position
from toolkit.web.demo.showing import _beside_assets, gap_told, shown, sliders
from toolkit.web.demo.trial import Gap
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


class TestTrial:
    """What is missing over the ranges of the sliders, told when a webinar is made."""

    def told(self, demo, strategy, code="en"):
        start = demo.start(strategy)
        return [gap_told(gap, start, language(code)) for gap in demo.trial(strategy)]

    def test_the_strategy_of_the_readme_has_an_answer_everywhere_and_each_slider_moves_it(self, demo):
        """The basket of the document had none five points below its start, nor where controls are wider."""
        shown = re.findall(
            r"toolkit webinar create .* --strategy (\S+)", (Path(__file__).parents[3] / "docs" / "portal.md").read_text("utf-8")
        )
        default = inspect.signature(webinar.create).parameters["strategy"].default
        assert [*shown, default] == ["robust-utility"] * 2
        # How long an answer takes is said of the machine.
        assert {gap.kind for gap in demo.trial("robust-utility")} <= {"slow", "unfinished"}
        start = demo.start("robust-utility")
        assert [*start.ranges] == ["budget", "aversion", "cap"]
        at = start.position
        for slider, grid in start.ranges.items():
            near = {demo.solve(replace(at, **{slider: getattr(at, slider) + step * grid.step})).holdings for step in (-4, 0, 4)}
            assert len(near) > 1, slider

    def test_gaps_are_told(self, demo):
        told = self.told(demo, STRATEGY)
        assert "Risk aversion: nothing changes near the start." in told
        assert "Export controls of China: no answer at also on every metal of which China makes half or more." in told
        assert "Budget: limits of the strategy are exceeded at €10,000." in told
        german = self.told(demo, STRATEGY, "de")
        assert "Risikoaversion: Nahe dem Anfang ändert sich nichts." in german
        others = [Gap("mixed", values=(1, 8)), Gap("slow", values=(1.5,)), Gap("unfinished", values=(30.0,))]
        assert [gap_told(gap, demo.start(STRATEGY), language("en")) for gap in others] == [
            "With several sliders moved, 1 of 8 positions that were tried have no answer.",
            "An answer takes 1.5 s: visitors wait.",
            "The trial ended after 30 s, before everything was tried.",
        ]

    def test_the_slider_begins_where_there_is_an_answer(self, demo):
        start = demo.start(STRATEGY)
        lowest = replace(start.position, cap=start.least_cap)
        assert demo.solve(lowest).status == "optimal"
        assert demo.solve(replace(lowest, cap=lowest.cap - CAP.step, whole=False)).status == "infeasible"
        (slider,) = (one for one in sliders(start, lowest, language("en"))["ranges"] if one["name"] == "cap")
        assert slider["range"].least == start.least_cap > CAP.least

    def test_limits_that_gave_way_are_named(self, demo):
        """Where whole lots of a small budget leave no answer the page told one beyond its limits without a word."""
        position = replace(demo.start("ex-china").position, budget=10_000)
        outcome = demo.solve(position)
        assert outcome.cash > 0.05
        assert outcome.controlled > position.cap / 100
        assert {"cash", "under export control"} <= {*outcome.exceeded}
        assert "cash" in shown(outcome, position, language("en"))["exceeded"]
        assert not demo.solve(replace(position, budget=100_000)).exceeded


class TestPosition:
    @given(st.floats(0, 1e7), st.sampled_from((BUDGET, AVERSION, CAP)))
    def test_the_nearest_value_of_a_slider_is_one_of_it(self, value, grid):
        nearest = grid.on_grid(value)
        assert grid.least <= nearest <= grid.most
        assert grid.holds(nearest)
        assert abs(nearest - value) <= grid.step / 2 or nearest in (grid.least, grid.most)

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), 101_000, 9_999_999, 0])
    def test_what_is_no_value_of_the_slider_is_refused(self, value):
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


def answer() -> Outcome:
    return Outcome("optimal", DAY.isoformat(), "EUR")


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def _without_processes(kept: dict) -> crew.Crew:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "PROCESSES", 0)
        found = crew.Crew(DAY, (), (), kept.__setitem__)
    found.ready, found.was_ready = 3, True
    return found


class TestQueue:
    """Who is next, where the test answers in place of the processes."""

    @pytest.fixture
    def queue(self) -> crew.Crew:
        self.kept: dict = {}
        return _without_processes(self.kept)

    def test_who_has_cost_less_comes_first_however_many_ask_without_a_pause(self, queue, monkeypatch):
        now = [1000.0]
        monkeypatch.setattr(crew.time, "monotonic", lambda: now[0])
        for who in "abcdefgh":
            self.ask(queue, f"{who} first", who)
            now[0] += 0.1
            question = queue._next()
            now[0] += 0.1
            queue._finish(question, "", None)
            self.ask(queue, f"{who} again", who)
        self.ask(queue, "seldom", "z")
        assert self.order(queue)[0] == "seldom"
        for who in "az":
            self.ask(queue, f"{who} later", who)
        now[0] += 1000  # what was long ago counts no more
        assert self.order(queue) == ["a later", "z later"]

    def test_who_asks_all_the_time_comes_after_who_asks_seldom_though_nothing_was_answered(self, queue):
        """Thirty sessions that asked without a pause, and were refused, had the same share as anybody."""
        for number in range(3):
            self.ask(queue, f"hostile {number}", "a")
        self.ask(queue, "good", "b")
        assert self.order(queue) == ["good", "hostile 2"]

    def test_a_question_that_was_busy_and_is_asked_again_counts_once(self, queue):
        for _ in range(3):
            self.ask(queue, "again", "a")
        for number in range(2):
            self.ask(queue, f"other {number}", "b")
        assert self.order(queue) == ["again", "other 1"]

    def test_one_process_is_left_to_short_questions(self, queue):
        for who in "abc":
            self.ask(queue, f"long {who}", who)
        self.ask(queue, "short", "d", is_long=False)
        taken = [queue._next() for _ in range(3)]
        assert [question.key for question in taken] == ["long a", "long b", "short"]
        assert queue._next() is None
        queue._finish(taken[2], "", None)
        assert queue._next() is None
        queue._finish(taken[0], "", None)
        assert queue._next().key == "long c"

    def test_short_questions_of_a_session_that_asks_too_many_wait_with_the_long_ones(self, queue):
        for number in range(1 + int(crew.SHORT_COST / 100 / crew.ASKED[False])):
            self.ask(queue, f"hostile {number}", "a", is_long=False)
        for who in "bcd":
            self.ask(queue, f"good {who}", who)
        taken = [queue._next() for _ in range(2)]
        assert [question.key for question in taken] == ["good b", "good c"]
        assert queue._next() is None  # the process that is left is not theirs
        self.ask(queue, "good e", "e", is_long=False)
        assert queue._next().key == "good e"

    def test_short_questions_come_first_where_one_process_has_loaded(self, queue):
        queue.ready = 1
        self.ask(queue, "long", "a")
        self.ask(queue, "short", "b", is_long=False)
        assert self.order(queue) == ["short", "long"]

    def ask(self, queue, key: str, who: str, rank: crew.Rank = crew.Rank.ATTENDEE, *, is_long: bool = True) -> Future:
        return queue.ask(key, child.solve, (key,), turn=(rank, who), seconds=4, is_long=is_long)

    def order(self, queue) -> list[str]:
        found = []
        while (question := queue._next()) is not None:
            found.append(question.key)
            queue._finish(question, question.key, None)
        return found

    def test_what_two_ask_is_one_question_and_both_get_its_answer(self, queue):
        asked = [self.ask(queue, "one", who) for who in "ab"]
        assert self.order(queue) == ["one"]
        assert [future.result(0) for future in asked] == ["one", "one"]
        assert self.kept == {"one": "one"}

    def test_what_is_asked_while_a_process_has_it_is_not_asked_again(self, queue):
        self.ask(queue, "one", "a")
        question, later = queue._next(), self.ask(queue, "one", "b")
        assert queue._next() is None
        queue._finish(question, "one", None)
        assert later.result(0) == "one"

    def test_a_newer_question_takes_the_place_of_one_that_waits_and_who_asked_it_is_told(self, queue):
        former, other = self.ask(queue, "former", "a"), self.ask(queue, "other", "b")
        newest = self.ask(queue, "newest", "a")
        with pytest.raises(Busy):
            former.result(0)
        assert self.order(queue) == ["other", "newest"]
        assert (newest.result(0), other.result(0)) == ("newest", "other")

    def test_what_somebody_else_waits_for_is_not_taken_away(self, queue):
        mine, theirs, newer = self.ask(queue, "one", "a"), self.ask(queue, "one", "b"), self.ask(queue, "other", "a")
        assert sorted(self.order(queue)) == ["one", "other"]
        with pytest.raises(Busy):
            mine.result(0)
        assert (theirs.result(0), newer.result(0)) == ("one", "other")

    def test_what_a_process_has_is_never_taken_from_it_and_a_session_has_one_at_a_time(self, queue):
        begun = self.ask(queue, "begun", "a")
        question = queue._next()
        for key in ("second", "third"):
            waits = self.ask(queue, key, "a")
        assert queue._next() is None
        queue._finish(question, "begun", None)
        assert begun.result(0) == "begun"
        assert self.order(queue) == ["third"]
        assert waits.result(0) == "third"

    @given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), max_size=40))
    def test_everybody_gets_an_answer_in_the_order_in_which_they_came_whatever_the_others_ask(self, asked):
        queue = _without_processes({})
        queue._cost = lambda _: 0  # type: ignore[method-assign]
        newest: dict[str, Future] = {}
        for who, key in asked:
            newest[who] = self.ask(queue, f"{who}{key}", who)
        assert [key[0] for key in self.order(queue)] == [*newest]
        assert all(future.result(0) for future in newest.values())

    def test_who_presents_comes_first_and_reports_last_one_at_a_time(self, queue):
        reports = [self.ask(queue, f"report {who}", who, crew.Rank.REPORT) for who in "ab"]
        self.ask(queue, "attendee", "c")
        self.ask(queue, "presenter", "host 1", crew.Rank.PRESENTER)
        taken = [queue._next() for _ in range(2)]
        assert [question.key for question in taken] == ["presenter", "attendee"]
        assert queue._next() is None
        for question in taken:
            queue._finish(question, "", None)
        assert queue._next().key == "report a"
        assert queue._next() is None
        assert not any(report.done() for report in reports)

    def test_a_question_for_which_nobody_waits_any_more_is_not_asked(self, queue):
        self.ask(queue, "left", "a").cancel()
        self.ask(queue, "one", "b")
        assert self.order(queue) == ["one"]

    def test_a_question_whose_process_did_not_begin_it_comes_before_all_others(self, queue):
        asked = [self.ask(queue, who, who) for who in "abc"]
        queue._put_back(queue._next())
        assert self.order(queue) == ["a", "b", "c"]
        assert [future.result(0) for future in asked] == ["a", "b", "c"]

    def test_a_question_that_comes_back_is_forgotten_where_its_session_has_a_newer_one(self, queue):
        former = self.ask(queue, "former", "a")
        question = queue._next()
        self.ask(queue, "newer", "a")
        queue._put_back(question)
        with pytest.raises(Busy):
            former.result(0)
        assert self.order(queue) == ["newer"]

    def test_who_waits_when_it_closes_is_told(self, queue):
        asked = [self.ask(queue, who, who) for who in "ab"]
        question = queue._next()
        queue.close()
        queue._finish(question, "late", None)
        for future in asked:
            with pytest.raises(Busy):
                future.result(0)
        with pytest.raises(Busy):
            self.ask(queue, "after", "a")

    def test_the_cache_has_an_end(self, monkeypatch):
        monkeypatch.setattr(pool, "ANSWERS_KEPT", 2)
        solver = pool.Solver((), wall=4)
        for key in (1, 2, 3):
            solver._keep(key, answer())
        solver._keep(4, b"a report")
        assert [*solver._kept] == [2, 3]


T = TypeVar("T")


def waited(call: Callable[[], T]) -> T:
    """What a page gets of the solver, as the server makes it: begun again once the answer is there."""
    request = later.Begun()
    token = later.begun.set(request)
    try:
        while True:
            try:
                return call()
            except later.Later as one:
                wait([one.future], one.seconds)
                one.future.cancel()
                request.answers[one.key] = one.future
    finally:
        later.begun.reset(token)


def eventually(call: Callable[[], T], seconds: float = 200) -> T:
    """The answer once a process is there, on however slow a machine."""
    end = time.monotonic() + seconds
    while True:
        try:
            return waited(call)
        except Busy:
            assert time.monotonic() < end
            time.sleep(0.05)


@contextlib.contextmanager
def opened(*strategies: str, prices: tuple[str, ...] = (), ready: int = 1) -> Iterator[pool.Solver]:
    """The solver with its real processes, so many that have loaded everything, and one where none has to."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (crew, pool):
            patch.setattr(module, "PROCESSES", max(ready, 1))
        solver = pool.Solver(prices, wall=120)
        solver.open(strategies)
        try:
            until(lambda: solver._crews[0].ready >= ready, 300)
            yield solver
        finally:
            solver.close()


@pytest.mark.parametrize(("stops", "told"), [(True, []), (False, ["demo.not_loaded"])])
def test_a_process_that_ends_while_it_loads_is_an_error_unless_the_portal_stops(stops, told):
    """A service manager sends its signal to every process of the portal at once."""
    with capture_logs() as log, opened(ready=0) as solver:
        until(lambda: solver._crews[0]._processes)
        process = next(iter(solver._crews[0]._processes))
        process.terminate()
        if stops:
            solver.close()
        else:
            until(lambda: log, 60)
    assert [entry["event"] for entry in log] == told


@pytest.mark.skipif(os.name == "nt", reason="a process is told by a signal")
def test_a_process_that_is_told_to_end_while_it_prints_ends_its_browser_and_removes_its_files(tmp_path, monkeypatch):
    """As a portal that stops does it, and as it is done to one that takes too long."""
    browser, place = tmp_path / "chromium", tmp_path / "places"
    browser.write_text(f"#!/bin/sh\ntouch {tmp_path}/began; kill $PPID\nexec sleep 500\n", "utf-8")
    browser.chmod(0o755)
    place.mkdir()
    for name, value in (("TMPDIR", place), ("TOOLKIT_CHROMIUM", browser)):
        monkeypatch.setenv(name, str(value))
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    process = context.Process(target=child.work, args=[other, DAY, (), ()])
    process.start()
    other.close()
    assert pipe.recv() == []
    pipe.send((child.report, (Position(STRATEGY, 100_000, 6, 50), "en", "pdf")))
    process.join(120)
    assert process.exitcode == 1
    assert (tmp_path / "began").exists()
    assert not [*place.iterdir()]


@pytest.mark.skipif(os.name == "nt", reason="a process is stopped by a signal")
def test_processes_that_are_killed_or_stopped_leave_every_question_an_answer():
    """The real processes: each question is answered, by another process, and what ended is loaded again."""
    with pytest.raises(Busy):
        pool.Solver((), wall=60).start(STRATEGY)
    with opened(ready=crew.PROCESSES) as solver, ThreadPoolExecutor() as threads:
        start, here = eventually(lambda: solver.start(STRATEGY)), solver._crews[0]
        former = {process.pid or 0 for process in here._processes}
        caps = iter(range(50, 100))

        def asked(who: str) -> str:
            position = replace(start.position, cap=next(caps))
            return eventually(lambda: solver.solve(position, who), 60).status

        os.kill(min(former), signal.SIGSTOP)  # while nobody asks: it takes nothing any more
        assert {*threads.map(asked, "abcdef")} == {"optimal"}
        waiting = [threads.submit(asked, who) for who in "abcdef"]
        os.kill(max(former), signal.SIGKILL)  # while they ask
        assert {one.result() for one in waiting} == {"optimal"}
        until(lambda: here.ready >= crew.PROCESSES, 300)
        assert former.isdisjoint({max(former)} & {process.pid for process in here._processes})
        for process in [*here._processes]:
            process.kill()  # all at once
        assert asked("a") == "optimal"
        for process in [*here._processes]:
            os.kill(process.pid or 0, signal.SIGSTOP)
        began = time.monotonic()
        solver.close()
        assert time.monotonic() - began < 8


@pytest.mark.skipif(os.name == "nt", reason="a process is stopped by a signal")
def test_whoever_closes_the_demo_while_it_closes_waits_for_its_end():
    """A signal closed it in a thread, and the portal had ended before a stopped process was killed: that was left for ever."""
    with opened(ready=1) as solver, ThreadPoolExecutor(1) as threads:
        processes = [*solver._crews[0]._processes]
        for process in processes:
            os.kill(process.pid or 0, signal.SIGSTOP)
        first = threads.submit(solver.close)
        until(lambda: not solver._crews, 10)
        solver.close()
        assert not any(process.is_alive() for process in processes)
        first.result()


def test_a_question_that_takes_too_long_is_told_so_and_its_process_is_made_again(monkeypatch):
    with opened() as solver:
        here = solver._crews[0]
        slow = here.ask("slow", time.sleep, (500,), turn=(crew.Rank.ATTENDEE, "a"), seconds=0.5)
        with pytest.raises(Busy):
            slow.result(120)
        assert eventually(lambda: solver.start(STRATEGY)).currency == "EUR"


class _Yesterday(date):
    @classmethod
    def today(cls):
        return date.today() - timedelta(days=1)


def test_a_portal_that_runs_into_a_new_day_answers_by_its_law_and_meanwhile_by_that_of_the_day_before(monkeypatch):
    """Started for the registrations weeks before a webinar, it showed the controls of that day "as in force today"."""
    monkeypatch.setattr(pool, "date", _Yesterday)
    with opened() as solver:
        former, position = solver._crews[0], eventually(lambda: solver.start(STRATEGY)).position
        monkeypatch.undo()
        asked = lambda: eventually(lambda: solver.solve(position, "a")).as_of  # noqa: E731
        assert asked() == _Yesterday.today().isoformat()
        until(lambda: asked() == date.today().isoformat(), 400)
        assert solver._crews[0] is not former
        until(lambda: not former._processes, 60)


def test_a_strategy_that_cannot_be_shown_is_in_the_log_of_the_portal(tmp_path):
    """Its process wrote the line by itself, on stdout and in colours, while the log is JSON on stderr."""
    (tmp_path / "list.csv").write_text("metal,foo\nx,y\n", encoding="utf-8")
    with capture_logs() as log, opened(STRATEGY, prices=(str(tmp_path / "list.csv"),), ready=2):
        pass
    assert [(one["event"], one["strategy"]) for one in log] == [("demo.cannot_show", STRATEGY)]
    assert "list.csv" in log[0]["reason"]


def test_no_page_is_silent_for_as_long_as_a_trial_takes():
    """The first webinar of a host was announced by a page that said nothing for half a minute."""

    class Crew:
        day, ready, was_ready = date.today(), 3, True

        def ask(self, *_, **__):
            return Future()

    solver = pool.Solver((), wall=30.0)
    solver._crews = [Crew()]  # type: ignore[list-item]
    with pytest.raises(later.Later) as told:
        solver.trial(STRATEGY)
    assert told.value.seconds <= 3
    with pytest.raises(later.Later) as told:
        solver.report(Position(STRATEGY, 100_000, 6, 50), "a", "en", "html")
    assert told.value.seconds == pool.OF_A_REPORT


def test_a_load_that_fails_is_tried_again(monkeypatch, tmp_path):
    """The room said that the demo warms up, every three seconds, until the portal was started again."""
    monkeypatch.setattr(crew, "NEXT_TRY", 0.1)
    monkeypatch.setattr(child, "work", functools.partial(fails_at_first, str(tmp_path)))
    with capture_logs() as log, opened() as solver:
        assert eventually(lambda: solver.start(STRATEGY)).currency == "EUR"
    assert [entry["event"] for entry in log] == ["demo.not_loaded"]


def _report(demo: solving.Demo, position: Position, code: str, kind: str = "html") -> bytes:
    return FORMATS[kind].make(demo.document(position, code), language(code))


class _Solver:
    """Answers of the demo in this process."""

    def __init__(self, demo) -> None:
        self.demo, self.busy = demo, False

    def start(self, strategy):
        return self.demo.start(strategy)

    def solve(self, position, session, *, first=False):
        if self.busy:
            raise Busy
        return self.demo.solve(position)

    def report(self, position, session, language, kind):
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

    @pytest.mark.parametrize(
        ("field", "value", "told"),
        [
            ("budget", "9999999", "Budget: from 10,000 to 500,000, in steps of 10,000."),
            ("budget", "101000", "Budget: from 10,000 to 500,000, in steps of 10,000."),
            ("budget", "", "Budget: "),
            ("aversion", "0.25", "Risk aversion: from 0.5 to 20.0, in steps of 0.5."),
            ("cap", "999", "At most under export control: from 0 to 100, in steps of 1."),
            ("cap", "1e1", "At most under export control: from 0 to 100, in steps of 1."),
        ],
    )
    def test_a_wrong_number_is_answered_with_its_field_and_range(self, room, field, value, told):
        answer = room.send("/room/solve", {**FIELDS, field: value}, page="/room/")
        assert (answer.status_code, told in answer.content.decode()) == (400, True)

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
