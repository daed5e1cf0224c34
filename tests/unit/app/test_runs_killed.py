"""A run store under processes that die: at each line of the store and of what it calls, and at any moment by SIGKILL."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from toolkit.app.run_store.lookup import LAST, meant
from toolkit.app.runs import DRAFT, STALE, put, store, stored_runs

KILLS = 50
"""Of each kind of writing, spread over its lines."""
FILES = ("run.json", "inputs.json", "weights.csv", "findings.json", "report.html")

WRITER = """
import os, sys
from pathlib import Path
from toolkit.app.runs import put, store

folder, last, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
NAMES = ("run.json", "inputs.json", "weights.csv", "findings.json", "report.html")

def write(runs):
    if what == "put":
        put(runs / "a" / "report.html", b"new")
    else:
        store(runs, "a" if what == "again" else "b", {name: (f'{{"n": 1}}' + " " * 20_000).encode() for name in NAMES})

def child(runs, at):
    steps = 0
    def step(frame, event, _):
        nonlocal steps
        if not frame.f_code.co_filename.endswith(("runs.py", "tempfile.py", "shutil.py", "pathlib.py", "contextlib.py")):
            return None
        steps += event == "line"
        if steps == at:
            os._exit(9)
        return step
    sys.settrace(step)
    write(runs)
    os._exit(0)

def forked(runs, at):
    store(runs, "a", {name: b'{"n": 0}' for name in NAMES})
    if (pid := os.fork()) == 0:
        child(runs, at)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

lines = 1
while not forked(folder / "length" / str(lines), lines):
    lines = lines * 6 // 5 + 1
print(sum(not forked(folder / str(number), 1 + number * lines // last) for number in range(last)))
"""

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork processes")


def _whole(run, allow_mixed=False):
    read = {name: json.loads((run / name).read_text()) for name in FILES}
    return allow_mixed or len({value["n"] for value in read.values()}) == 1


@forks
@pytest.mark.parametrize("what", ["new", "again", "put"])
def test_a_kill_before_any_line_leaves_whole_runs_only(tmp_path, what):
    arguments = [sys.executable, "-c", WRITER, tmp_path, str(KILLS), what]
    assert int(subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout) >= 42
    for number in range(KILLS):
        runs = tmp_path / str(number)
        last = meant(LAST, tmp_path, (str(number),))
        assert last is not None
        assert last.name in ("a", "b")
        for run in stored_runs(runs):
            if what == "put":
                assert (run / "report.html").read_text() in ('{"n": 0}', "new")
            else:
                # A repeated run has the same id, so the same bytes but in this test; each of its files is whole.
                assert _whole(run, allow_mixed=what == "again"), number
        again = store(runs, "c", {"run.json": b"{}"})
        assert meant(LAST, tmp_path, (str(number),)) == again


@forks
def test_kills_at_any_moment_lose_no_stored_run(tmp_path):
    runs = tmp_path / "runs"
    store(runs, "a", dict.fromkeys(FILES, b'{"n": 0}'))
    loop = (
        "import itertools, sys\nfrom pathlib import Path\nfrom toolkit.app.runs import store\n"
        "print('ready', flush=True)\n"
        "for n in itertools.count(1):\n"
        "    for name in ('a', f'b{n % 5}'):\n"
        f"        store(Path(sys.argv[1]), name, {{f: (f'{{{{\"n\": {{n}}}}}}' + ' ' * 50_000).encode() for f in {FILES!r}}})\n"
    )
    for delay in (0.001, 0.005, 0.013, 0.034, 0.089):
        process = subprocess.Popen([sys.executable, "-c", loop, runs], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found = stored_runs(runs)
        assert {"a"} <= {run.name for run in found}
        for run in found:
            assert _whole(run, allow_mixed=True)


def test_two_writers_of_one_run_end_in_a_whole_run(tmp_path):
    loop = (
        "import sys\nfrom pathlib import Path\nfrom toolkit.app.runs import store\n"
        "for n in range(60):\n"
        f"    store(Path(sys.argv[1]), f'r{{n // 3}}', {{f: (b'{{\"n\": 1}}' + b' ' * 20_000) for f in {FILES!r}}})\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", loop, tmp_path], stderr=subprocess.PIPE) for _ in range(2)]
    told = [process.communicate()[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert len(stored_runs(tmp_path)) == 20
    assert all(_whole(run) for run in stored_runs(tmp_path))
    assert not list(tmp_path.glob(".*"))


def test_a_draft_is_no_run_and_goes_when_it_is_stale(tmp_path):
    run = store(tmp_path, "a", {"run.json": b"{}"})
    for name in (f"{DRAFT}old", f"{DRAFT}new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text("{}")
    past = time.time() - 2 * STALE
    os.utime(tmp_path / f"{DRAFT}old", (past, past))
    assert meant(LAST, tmp_path, (".",)) == run
    store(tmp_path, "b", {"run.json": b"{}"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{DRAFT}new", "a", "b"]


def test_a_rendered_report_stays_when_its_run_is_repeated(tmp_path):
    run = store(tmp_path, "a", {"run.json": b"{}"})
    put(run / "report.de.html", b"Bericht")
    store(tmp_path, "a", {"run.json": b"{}"})
    assert sorted(path.name for path in run.iterdir()) == ["report.de.html", "run.json"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    put(pipe, b"page")
    assert os.read(reader, 10) == b"page"
    os.close(reader)
    assert pipe.is_fifo()
