"""What every test may rely on: a home and a working folder of its own, no network but loopback, and no silent skips."""

from __future__ import annotations

import gc
import hashlib
import itertools
import os
import pickle
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import examples, once  # noqa: F401  # the profile of hypothesis

if TYPE_CHECKING:
    import polars as pl

    from toolkit.core.assets import Universe
    from toolkit.market.market import Snapshot

# pytest imports readline, which writes the size of the terminal into the environment that processes and workers inherit.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)
    os.unsetenv(_name)

# After a read from a bucket the rate limiter of polars wakes its thread every millisecond, to the end of the process.
os.environ["POLARS_DISABLE_HTTP_RATE_LIMIT"] = "1"

REPOSITORY = Path(__file__).resolve().parents[1]
TESTDATA = REPOSITORY.parent / "shared" / "testdata"
LOOPBACK = ("127.", "::1", "localhost")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: tests in a browser and of a portal wait for half of their time."""
    return 1 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no collection of garbage looks at it again, and the others are few."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all workers of the session; in it are the results of `tests.once`."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    results = folder / "once"
    results.mkdir(exist_ok=True)
    os.environ[once.FOLDER] = str(results)
    return folder


@pytest.fixture(scope="session")
def drawings(shared: Path) -> Path:
    """Where drawings are kept for all tests of all workers: each is made once."""
    return shared / "drawings"


@pytest.fixture(scope="session", autouse=True)
def computed_once() -> Iterator[None]:
    """Levels behind noisy prices, forecasts, hashes of tables, supplies and the ledger, half of a proposal, are computed once.

    What tests them calls them in their own modules.
    """
    from toolkit.app import context
    from toolkit.app.allocation import forecast
    from toolkit.market import market
    from toolkit.returns import price_levels
    from toolkit.risk_model import observed
    from toolkit.supply import concentration

    def table(frame: pl.DataFrame) -> bytes:
        # Columns and rows in their order: another order is another question, whose answer a test wants to see.
        return pickle.dumps((frame.schema, frame.hash_rows().to_numpy()))

    def tables(*frames: pl.DataFrame | None) -> bytes:
        return pickle.dumps([None if frame is None else table(frame) for frame in frames])

    def law(everything: Snapshot, products: Universe) -> bytes:
        of_law = tables(*(everything[name] for name in ("controls", "control_scopes", "control_items")))
        return pickle.dumps((of_law, products.keys, [asset.form for asset in products], everything.complete_to("controls")))

    def estimated(**named: Any) -> bytes:
        return pickle.dumps({**named, "level_paths": {**(named["level_paths"] or {})}})

    def kept(make: Callable[..., Any], known: Callable[..., bytes]) -> Callable[..., Any]:
        found: dict[bytes, Any] = {}

        def once(*given: Any, **named: Any) -> Any:
            key = hashlib.sha256(known(*given, **named)).digest()
            if key not in found:
                found[key] = make(*given, **named)
            return found[key]

        return once

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((observed, "local_levels"), (observed, "latent_increments"), (price_levels, "filtered_levels")):
            patch.setattr(module, name, kept(getattr(module, name), lambda *given, **named: pickle.dumps((given, named))))
        patch.setattr(market, "_canonical_sha256", kept(market._canonical_sha256, table))
        patch.setattr(concentration, "newest_supplies", kept(concentration.newest_supplies, tables))
        patch.setattr(context, "ledger_of", kept(context.ledger_of, law))
        patch.setattr(forecast, "estimate", kept(forecast.estimate, estimated))
        yield


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths that nobody has; a numbered folder of the factory costs more with every one before it."""
    base = tmp_path_factory.mktemp("places")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def own_home(places: Iterator[Path], monkeypatch: pytest.MonkeyPatch, drawings: Path) -> Path:
    """HOME and the working folder are empty and temporary; settings of the developer's shell do not leak in."""
    home, work = next(places), next(places)
    for folder in (home, work):
        folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in [name for name in os.environ if name.startswith("TOOLKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TOOLKIT_CACHE", str(drawings))
    monkeypatch.chdir(work)
    return home


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> object:
        host = str(address[0]) if isinstance(address, tuple) else "localhost"
        assert host.startswith(LOOPBACK), f"a test tried to reach {host}"
        return connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real series that are never shipped."""
    if not TESTDATA.is_dir():
        pytest.skip("../shared/testdata is not here")
    return TESTDATA


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under TOOLKIT_NO_SKIP a skip is a failure, except for data that may not be shipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")  # a worker has none
    if reporter is None or not os.environ.get("TOOLKIT_NO_SKIP"):
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if "shared/testdata" not in str(report.longrepr)]
    if skipped and exitstatus == 0:
        reporter.write_line(f"{len(skipped)} tests were skipped, and here a skip is a failure", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
