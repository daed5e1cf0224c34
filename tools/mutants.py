"""Runs the mutants of a module in one process, as pytest's loop: `python -m tools.mutants NAMES.json RESULTS TEST...`.

A process for each mutant would import everything again: minutes become hours. Instead each mutant begins with what a new
process begins with: no cached result of a function, no fixture set up, no result that tests share.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from mutmut.configuration import config
from mutmut.state import state

MUTANT = "MUTANT_UNDER_TEST"
"""Environment variable that mutmut's functions look at in each call."""
OWN = ("toolkit", "tests")


class Late(BaseException):
    """A mutant does not end."""


class Loop:
    """Plugin of pytest: what each test calls, then each mutant with the tests that call its function until one fails."""

    def __init__(self, mutants: list[str], results: Path) -> None:
        self.mutants, self.results = mutants, results
        self.called: dict[pytest.Item, set[str]] = {}
        self.seconds: dict[pytest.Item, float] = {}
        self.by_fixture: dict[str, set[str]] = {}
        self.killed: Counter[pytest.Item] = Counter()
        self.late = False

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """A fixture of a session calls for every test that has it, not for the first alone."""
        before = {*state()._stats}
        state()._stats.clear()
        made = yield
        self.by_fixture.setdefault(fixturedef.argname, set()).update(state()._stats)
        state()._stats |= before
        return made

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Measure the tests, then run the mutants; a line ``[mutant, "begun"]`` and one with its result for each."""
        if session.testsfailed:
            raise SystemExit("a file of tests cannot be read")
        os.environ[MUTANT] = "stats"
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            state()._stats.clear()
            start = time.perf_counter()
            if _fails(item, following):
                raise SystemExit(f"{item.nodeid} fails without a mutant")
            self.seconds[item], self.called[item] = time.perf_counter() - start, {*state()._stats}
        for item in session.items:
            self.called[item].update(*(self.by_fixture.get(name, ()) for name in getattr(item, "fixturenames", ())))
        gc.unfreeze()
        cached = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
        caches = [one for one in cached if getattr(one, "__module__", "").partition(".")[0] in OWN]
        signal.signal(signal.SIGALRM, self._end)
        for mutant in self.mutants:
            self._write(mutant, "begun")
            for cache in caches:
                cache.cache_clear()
            shutil.rmtree(os.environ["TESTS_ONCE"], ignore_errors=True)
            Path(os.environ["TESTS_ONCE"]).mkdir(parents=True)
            self._write(mutant, self._result(mutant))
            session._setupstate.teardown_exact(None)
        os.environ[MUTANT] = ""
        return True

    def _result(self, mutant: str) -> str:
        function = mutant.partition("__mutmut_")[0]
        tests = sorted((one for one in self.called if function in self.called[one]), key=self._order)
        if not tests:
            return "no tests"
        os.environ[MUTANT], self.late = mutant, False
        signal.alarm(10 + round(5 * sum(self.seconds[one] for one in tests)))
        try:
            for item, following in zip(tests, [*tests[1:], None], strict=True):
                if _fails(item, following):
                    self.killed[item] += 1
                    return "timeout" if self.late else "killed"
        except Late:
            return "timeout"
        finally:
            signal.alarm(0)
        return "survived"

    def _end(self, *_: Any) -> None:
        self.late = True
        raise Late

    def _order(self, item: pytest.Item) -> tuple[int, float]:
        """Who killed most comes first, then the quickest."""
        return -self.killed[item], self.seconds[item]

    def _write(self, mutant: str, result: str) -> None:
        with self.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps([mutant, result]) + "\n")


def _fails(item: Any, following: pytest.Item | None) -> bool:
    item._initrequest()
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def main() -> None:
    """Run the mutants that a file names."""
    config()  # read where mutmut's settings lie: tests work in other folders
    names, results, *tests = sys.argv[1:]
    loop = Loop(json.loads(Path(names).read_text("utf-8")), Path(results))
    raise SystemExit(pytest.main(["-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", *tests], plugins=[loop]))


if __name__ == "__main__":
    main()
