"""Every source against everything that a source does wrong."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.loopback import Answer, Loopback, Route, as_html
from tests.recorded import RECORDED, TODAY, Edit, Row, Rows, as_published
from toolkit.app.data.fetch import FetchRequest, fetch
from toolkit.market.sources.base import data_sources
from toolkit.market.sources.client import Pace
from toolkit.market.store.store import Store
from toolkit.market.store.verify import verify
from toolkit.records.store import SeriesOutcome

ANSWERS = {
    "429 with `Retry-After`": "ok",
    "429 without it, twice": "rate_limited",
    "500, then 200, for a past range": "ok",
    "slow drip": "timeout",
    "cut mid-body, twice": "cut_off",
    "cut, without a length": "not_data",
    "compressed and cut": "cut_off",
    "200 MB in 0.2 MB of gzip": "not_data",
    "compressed by brotli unasked": "not_data",
    "`Content-Encoding` that is none": "not_data",
    "redirect to itself": "not_found",
    "redirect to another host": "ok",
    "nested 100,000 deep": "not_data",
    "HTML in place of data": "not_data",
    "redirect to a login": "login",
    "no observation": "empty",
    "half of the series missing": "empty",
    "pence labelled pounds": "unit_jump",
    "a day twice": "duplicated_day",
    "a revised value": "new vintage",
    "a date ahead": "future_date",
}
"""Why the series failed, or the rule that refused it: nothing is stored then, and what was stored stays.

ok: asked again, after the 30 seconds of ``Retry-After`` or a second, and the series came whole. contract: the reader of own files
names the rows. ok (unit_jump): kept with a warning, since customs unit values move by such factors. new vintage: known from the
day of the fetch on. What a source cannot show is in ``RECORDED`` with its reason.
"""
OTHERWISE = {
    "yahoo": {"compressed and cut": "not_data", "half of the series missing": "not_found"},
    "ecb": {"cut, without a length": "cut_off"},
    "us_census": {"pence labelled pounds": "ok (unit_jump)"},
    "world_bank_pink_sheet": {
        "cut, without a length": "format", "nested 100,000 deep": "format", "half of the series missing": "not_found",
    },
    "usgs": {"cut, without a length": "cut_off"},
    "gacc": {"HTML in place of data": "format", "half of the series missing": "not_found"},
    "files": {
        "half of the series missing": "not_found",
        **dict.fromkeys(("no observation", "pence labelled pounds", "a day twice", "a date ahead"), "contract"),
    },
}  # fmt: skip
"""Source -> what it answers otherwise; a key is given to its own host alone, so that a source with one is denied at another."""
PAUSE, PAST = 30, date(2020, 1, 1)
CAME = ("ok", "partial", "stale")


@dataclass
class Clock:
    """Time that passes by being waited for."""

    now: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sleep(self, event: threading.Event, seconds: float) -> bool:
        with self._lock:
            self.now += seconds
        return event.is_set()


@dataclass
class Fetched:
    """One source on a server, into a store of its own."""

    kind: str
    server: Loopback
    folder: Path
    clock: Clock = field(default_factory=Clock)

    def play(self, edit: Edit = as_published) -> tuple[str, ...]:
        return RECORDED[self.kind].play(self.server, self.folder, edit)

    def fetch(self, *series: str, day: date = TODAY, since: date | None = None, deadline: float = 20.0) -> list[SeriesOutcome]:
        pace = Pace(deadline, 2, 1.0, lambda: self.clock.now, self.clock.sleep)
        self.server.asked.clear()
        request = FetchRequest(
            self.folder / "store", datetime.combine(day, time(12), UTC), (self.kind,), tuple(f"{self.kind}:{one}" for one in series),
            since, mirror=self.server.address, pace=pace,
        )  # fmt: skip
        return list(fetch(request).series)

    def one(self, edit: Edit = as_published) -> str:
        """A series, of files one that has an address."""
        names = self.play(edit)
        return next((name for name in names if not name.startswith("/")), names[0])

    def last(self) -> tuple[str, str, Route]:
        """A series that comes, the path of its last request, and the route that answers it; no path of a file of the user."""
        series = self.one()
        [clean] = self.fetch(series, since=PAST)
        assert clean.status in CAME
        path = next(reversed(self.server.paths()), "")
        route = max((name for name in self.server.routes if path.startswith(name)), key=len, default="")
        return series, path, self.server.routes.get(route, Answer())

    def replaced(self, *answers: Answer) -> tuple[str, int]:
        """A series whose last request has these answers before the right one, and how often it is asked where all is well."""
        series, last, well = self.last()
        if not last:  # a file of the user has what the answer would have
            answer, path = answers[0], Path(series.rpartition(":")[0])
            path.write_bytes(answer.body + b"\n" if answer.body else path.read_bytes()[: answer.cut])
            return series, 0
        self.server.routes[last] = [*answers, well] if answers[-1].status != 302 else answers[-1]
        return series, self.server.paths().count(last)

    def edited(self, edit: Edit) -> SeriesOutcome:
        [outcome] = self.fetch(self.one(edit))
        return outcome


def told(outcome: SeriesOutcome) -> str:
    """The cell of an outcome: what refuses the series, or why it did not come, or what is said of what is kept."""
    if outcome.reason == "quality":
        return str(outcome.detail)
    if outcome.status == "failed":
        return str(outcome.reason)
    warned = [finding.rule for finding in outcome.findings if finding.severity == "warning" and finding.rule == "unit_jump"]
    return " ".join(["ok" if outcome.status in CAME else outcome.status, *(f"({rule})" for rule in warned)])


def pause(one: Fetched) -> str:
    series, _ = one.replaced(Answer(status=429, headers={"Retry-After": str(PAUSE)}))
    [outcome] = one.fetch(series, since=PAST)
    assert one.clock.now >= PAUSE
    return told(outcome)


def no_pause(one: Fetched) -> str:
    series, _ = one.replaced(*2 * [Answer(status=429)])
    [outcome] = one.fetch(series, since=PAST)
    assert 0 < one.clock.now < PAUSE
    return told(outcome)


def passing_error(one: Fetched) -> str:
    series, requests = one.replaced(Answer(b"oops", status=500))
    [outcome] = one.fetch(series, since=PAST)
    assert one.server.paths().count(one.server.paths()[-1]) == requests + 1
    return told(outcome)


def drip(one: Fetched) -> str:
    series, _ = one.replaced(*2 * [Answer(b"x" * 600, drip=0.02)])
    [outcome] = one.fetch(series, since=PAST, deadline=0.1)
    return told(outcome)


def changed(one: Fetched, change: Callable[[Answer], Answer]) -> str:
    """The outcome of a series whose last request has its right answer in another form."""
    series, last, well = one.last()
    assert not isinstance(well, list)
    one.server.routes[last] = lambda asked: change(well if isinstance(well, Answer) else well(asked))
    [outcome] = one.fetch(series, since=PAST)
    return told(outcome)


def packed(answer: Answer, encoding: str, body: bytes) -> Answer:
    return replace(answer, body=body, headers={**answer.headers, "Content-Encoding": encoding})


def cut_without_length(one: Fetched) -> str:
    return changed(one, lambda answer: replace(answer, length=False, cut=len(answer.body) - 4))


def cut_compressed(one: Fetched) -> str:
    return changed(one, lambda answer: packed(answer, "gzip", gzip.compress(answer.body)[:-12]))


def bomb(one: Fetched) -> str:
    zeros = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    body = b"".join(zeros.compress(bytes(2**20)) for _ in range(200)) + zeros.flush()
    return changed(one, lambda answer: packed(answer, "gzip", body))


def other_compression(one: Fetched) -> str:
    return changed(one, lambda answer: packed(answer, "br", b"\x5b\xff\xff\x03\x00" * 600))


def false_compression(one: Fetched) -> str:
    return changed(one, lambda answer: packed(answer, "gzip", answer.body))


def loop(one: Fetched) -> str:
    series, _ = one.replaced(Answer(status=302, headers={"Location": "?again"}))
    [outcome] = one.fetch(series, since=PAST)
    return told(outcome)


def nested(one: Fetched) -> str:
    return changed(one, lambda answer: replace(answer, body=b"[" * 100_000 + b"]" * 100_000 + b"\n"))


def elsewhere(one: Fetched) -> str:
    with Loopback().running() as other:
        series, last, well = one.last()
        other.routes[last] = well
        one.server.routes[last] = lambda asked: Answer(
            status=307, headers={"Location": f"{other.address}{asked.path}?{urlencode(asked.query)}"}
        )
        [outcome] = one.fetch(series, since=PAST)
        secrets = {*RECORDED[one.kind].keys.values()}
        assert not [asked for asked in other.asked if secrets & {*asked.query.values(), *asked.headers.values()}]
    return told(outcome)


def cut(one: Fetched) -> str:
    series, _ = one.replaced(*2 * [Answer(b"" if one.kind == "gacc" else b'{"x": 1, "y": 2}' * 40, cut=150)])
    [outcome] = one.fetch(series, since=PAST)
    return told(outcome)


def html(one: Fetched) -> str:
    series, _ = one.replaced(as_html())
    [outcome] = one.fetch(series, since=PAST)
    return told(outcome)


def login(one: Fetched) -> str:
    one.server.routes["/accounts.example/login"] = as_html()
    series, _ = one.replaced(Answer(status=302, headers={"Location": "/accounts.example/login"}))
    one.server.routes["/accounts.example/login"] = as_html()
    [outcome] = one.fetch(series, since=PAST)
    return told(outcome)


def empty(one: Fetched) -> str:
    return told(one.edited(lambda rows: [row._replace(value=None) for row in rows]))


def half(one: Fetched) -> str:
    names, missing = one.play(), one.one()
    series = [*dict.fromkeys(row.series for row in published(one))]
    gone = series[names.index(missing)]
    one.play(lambda rows: [row for row in rows if row.series != gone])
    of_name = {outcome.series: outcome for outcome in one.fetch(*names)}
    assert {name: outcome.status in CAME for name, outcome in of_name.items()} == {name: name != missing for name in names}
    return told(of_name[missing])


def pence(one: Fetched) -> str:
    def from_the_second_on(rows: Rows) -> Rows:
        first = {row.series: row.day for row in reversed(rows) if row.value is not None}
        return [row._replace(value=row.value * 100) if row.value and row.day > first[row.series] else row for row in rows]

    return told(one.edited(from_the_second_on))


def twice(one: Fetched) -> str:
    def repeated(rows: Rows) -> Rows:
        first = {row.series: row for row in reversed(rows) if row.value}
        again = [row._replace(value=row.value * 1.07) for row in first.values() if row.value]
        return sorted([*rows, *again], key=lambda row: (row.series, row.day))

    return told(one.edited(repeated))


def revised(one: Fetched) -> str:
    def other(rows: Rows) -> Rows:
        last = {row.series: row.day for row in rows if row.value is not None}
        return [row._replace(value=row.value * 1.02) if row.value and row.day == last[row.series] else row for row in rows]

    one.edited(as_published)
    before = vintages(one, TODAY)
    [outcome] = one.fetch(one.one(other), day=TODAY + timedelta(days=1))
    assert outcome.status in CAME
    assert vintages(one, TODAY) == before, "an answer dated before the fetch has changed"
    assert vintages(one, TODAY + timedelta(days=1)) != before
    return "new vintage" if outcome.revised else told(outcome)


def vintages(one: Fetched, as_of: date) -> str:
    store = Store.open(one.folder / "store")
    assert not verify(store.path, date(2026, 11, 26)).damaged
    rows = (store.scan(name, as_of).collect().sort(pl_key) for name, pl_key in keys(store))
    return str([frame.drop("fetched_at").rows() for frame in rows])


def keys(store: Store) -> Iterator[tuple[str, list[str]]]:
    from toolkit.market.tables import Table

    for name in store.versions:
        yield name, list(Table.of(name).key)


def ahead(one: Fetched) -> str:
    def next_year(rows: Rows) -> Rows:
        last = {row.series: row for row in rows if row.value is not None}
        return [*rows, *(row._replace(day=date(year, 12, 31)) for row in last.values() for year in (2027, 2028))]

    return told(one.edited(next_year))


def published(one: Fetched) -> Rows:
    """The observations of the source as it has them."""
    found: list[Row] = []

    def kept(rows: Rows) -> Rows:
        found.extend(rows)
        return rows

    one.play(kept)
    return found


MISBEHAVIOURS: dict[str, Callable[[Fetched], str]] = {
    "429 with `Retry-After`": pause,
    "429 without it, twice": no_pause,
    "500, then 200, for a past range": passing_error,
    "slow drip": drip,
    "cut mid-body, twice": cut,
    "cut, without a length": cut_without_length,
    "compressed and cut": cut_compressed,
    "200 MB in 0.2 MB of gzip": bomb,
    "compressed by brotli unasked": other_compression,
    "`Content-Encoding` that is none": false_compression,
    "redirect to itself": loop,
    "redirect to another host": elsewhere,
    "nested 100,000 deep": nested,
    "HTML in place of data": html,
    "redirect to a login": login,
    "no observation": empty,
    "half of the series missing": half,
    "pence labelled pounds": pence,
    "a day twice": twice,
    "a revised value": revised,
    "a date ahead": ahead,
}


@pytest.fixture(scope="module")
def running() -> Iterator[Loopback]:
    with Loopback().running() as server:
        yield server


def test_every_misbehaviour_has_an_answer():
    assert {*ANSWERS} == {*MISBEHAVIOURS}
    for named in (*OTHERWISE.values(), *(recorded.cannot for recorded in RECORDED.values())):
        assert {*named} <= {*MISBEHAVIOURS}


@pytest.mark.parametrize("source", sorted(data_sources()))
@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_each_misbehaviour_has_its_stated_answer(source, name, running, tmp_path, monkeypatch):
    recorded = RECORDED[source]
    if name in recorded.cannot:
        return
    of_key = {"redirect to another host": "denied"} if recorded.keys else {}
    stated = {**ANSWERS, **of_key, **OTHERWISE.get(source, {})}[name]
    for variable, value in recorded.keys.items():
        monkeypatch.setenv(variable, value)
    running.routes.clear()
    assert MISBEHAVIOURS[name](Fetched(source, running, tmp_path)) == stated
