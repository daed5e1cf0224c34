"""Where tasks run does not show in their bytes; processes that are lost lose nothing, and a task that kills is recorded."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.app.sweeps.questions import tasks
from toolkit.app.sweeps import executors
from toolkit.app.sweeps.executors import Cluster, Executor, InProcess, Pool
from toolkit.app.sweeps.tasks import LOST, Failure, SweepTask, TaskOutcome, attempt
from toolkit.core.errors import SourceError, SpecError

MOST = (0.4, 0.5, 0.6, 0.7)


def answers(outcomes: Iterator[TaskOutcome]) -> dict[str, bytes]:
    found = [*outcomes]
    assert all(isinstance(one.answer, bytes) for one in found)
    assert len({one.fingerprint for one in found}) == len(found)
    return {one.fingerprint: one.answer for one in found if isinstance(one.answer, bytes)}


def answers_with_a_loss(executor: Executor, asked: list[SweepTask], kill: Any) -> dict[str, bytes]:
    """The answers where `kill` ends a process after the first of them."""
    outcomes = executor.run(asked)
    first = next(outcomes)
    kill()
    return answers(iter([first, *outcomes]))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[SweepTask]:
    return tasks(tmp_path_factory.mktemp("prices"), *MOST)


@pytest.fixture(scope="module")
def reference(asked: list[SweepTask]) -> dict[str, bytes]:
    return answers(InProcess().run(asked))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process, and those that it starts, put temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


class Deadly(SweepTask):
    """A task that ends the process which reads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (9,)


def test_a_task_that_ends_its_process_is_recorded_and_the_others_give_the_same_bytes(
    asked: list[SweepTask], reference: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "PROCESSES_OF_TASK", 2)
    fields = {name: getattr(asked[0], name) for name in SweepTask.__dataclass_fields__}
    deadly = Deadly(**{**fields, "seed": 1})
    found = {one.fingerprint: one.answer for one in Pool(2).run([asked[1], deadly, asked[2]])}
    failure = found.pop(deadly.fingerprint)
    assert isinstance(failure, Failure)
    assert failure.kind == LOST
    assert found == {one.fingerprint: reference[one.fingerprint] for one in asked[1:3]}
    assert not multiprocessing.active_children()


def test_a_closed_pool_leaves_no_process(asked: list[SweepTask]) -> None:
    outcomes = Pool(1).run(asked)
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]  # of a generator
    assert not multiprocessing.active_children()


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes_and_leaves_no_file(
    asked: list[SweepTask], reference: dict[str, bytes], temporary: Path
) -> None:
    pytest.importorskip("distributed")
    before = {*multiprocessing.active_children()}

    def kill() -> None:
        worker = next(iter({*multiprocessing.active_children()} - before))
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)

    assert answers_with_a_loss(Cluster(workers=2), asked, kill) == reference
    assert not [*temporary.iterdir()]


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A port that takes connections, and whose service says what its test lets it say."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(server: socket.socket) -> int:
    return server.getsockname()[1]


def refused_within_ten_seconds(port: int, asked: list[SweepTask], told: str) -> None:
    began = time.monotonic()
    with pytest.raises(SourceError, match=told) as error:
        next(Cluster(f"tcp://127.0.0.1:{port}").run(asked))
    assert time.monotonic() - began < 10
    assert "dask scheduler" in error.value.hint


def test_a_scheduler_that_does_not_answer_is_named_with_the_remedy(asked: list[SweepTask], silent: socket.socket) -> None:
    refused_within_ten_seconds(port_of(silent), asked, "does not answer")  # it waits for a greeting, in vain
    silent.close()
    refused_within_ten_seconds(9, asked, r"tcp://127\.0\.0\.1:9 does not answer")


def test_another_service_at_the_address_is_no_scheduler(asked: list[SweepTask], silent: socket.socket) -> None:
    def answer() -> None:
        with silent.accept()[0] as found:
            found.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    service = threading.Thread(target=answer)
    service.start()
    refused_within_ten_seconds(port_of(silent), asked, "is no Dask scheduler")
    service.join()


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1", "tcp://127.0.0.1:port"])
def test_what_is_no_address_is_refused(asked: list[SweepTask], address: str) -> None:
    with pytest.raises(SpecError, match="is no address"):
        next(Cluster(address).run(asked))


def test_a_worker_without_the_package_is_refused_by_name(asked: list[SweepTask], tmp_path: Path) -> None:
    """Without the `.pth` files of its folder of packages the interpreter of the worker does not find the toolkit."""
    distributed = pytest.importorskip("distributed")
    nothing = {"n_workers": 0, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    packages = str(Path(distributed.__file__).parents[1])
    program = f"import sys; sys.path.append({packages!r}); from distributed.cli.dask_worker import main; main()"
    with distributed.LocalCluster(**nothing) as cluster:
        words = [cluster.scheduler_address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        worker = subprocess.Popen([sys.executable, "-S", "-c", program, *words], cwd=tmp_path, stderr=subprocess.DEVNULL)
        try:
            with distributed.Client(cluster, set_as_default=False) as client:
                client.wait_for_workers(1, timeout=120)
            with pytest.raises(SpecError, match="has no toolkit") as error:
                next(Cluster(cluster.scheduler_address).run(asked))
            assert "Install it there" in error.value.hint
        finally:
            worker.kill()
            worker.wait()


def test_other_versions_and_other_data_are_refused_by_name(asked: list[SweepTask], tmp_path: Path) -> None:
    other = attempt(replace(asked[0], versions={**asked[0].versions, "numpy": "1.0"}))
    assert isinstance(other.answer, Failure)
    assert "numpy" in other.answer.message
    assert "1.0" in other.answer.message
    changed = tasks(tmp_path, 0.4)[0]
    (tmp_path / "prices.csv").write_text((tmp_path / "prices.csv").read_text().replace("2021-01-31,", "2021-01-31,1"))
    found = attempt(changed)
    assert isinstance(found.answer, Failure)
    assert "other data" in found.answer.message
    assert other.answer.kind == found.answer.kind == LOST
    with pytest.raises(SpecError, match="polars 2 and not 1"):
        executors.check_versions({"polars": "1"}, {"polars": "2"}, "w")
