"""An interruption while the process of a command starts, and while it ends."""

import subprocess
import sys

import pytest

from toolkit.market.store.log import Head
from toolkit.market.store.store import Store

COMMAND = "import os, signal, sys; sys.argv = ['toolkit', '--version']\n{}\nfrom toolkit.__main__ import main; main()"
SEND = "os.kill(os.getpid(), signal.SIGINT)"


def ended(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", COMMAND.format(code)], capture_output=True, text=True, check=False)


def test_an_interruption_of_the_first_imports_is_exit_130_without_a_traceback():
    done = ended(
        "class Interrupts:\n"
        "    def find_spec(self, name, *_):\n"
        f"        name == 'typer' and {SEND}\n"
        "sys.meta_path.insert(0, Interrupts())"
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_an_interruption_after_the_answer_changes_nothing():
    at_exit = ended(f"import atexit; atexit.register(lambda: {SEND})")
    # A module's objects are dropped when Python has given signals back to the system.
    teardown = ended(
        "class Last:\n"
        "    def __del__(self, kill=os.kill, pid=os.getpid(), signal=signal.SIGINT):\n"
        "        kill(pid, signal)\n"
        "last = Last()"
    )
    for done in (at_exit, teardown):
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("toolkit ")


@pytest.mark.parametrize(("lang", "words"), [("en", "interrupted; no file"), ("de", "Abgebrochen; keine Datei")])
def test_an_interrupted_import_says_what_it_leaves_and_does_not_come_back(toolkit, tmp_path, monkeypatch, lang, words):
    def imported(asset, *options):
        rows = f"date,asset,price,currency\n2026-05-31,{asset},500,USD\n"
        return toolkit("data", "import", "-", *options, stdin=rows, XDG_DATA_HOME=str(tmp_path / "data"))

    def interrupt(*_):
        raise KeyboardInterrupt

    assert imported("gallium").returncode == 0
    with monkeypatch.context() as patched:  # when the log is written and what makes it visible is not
        patched.setattr(Head, "write", interrupt)
        done = imported("germanium", "--lang", lang)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith(words)
    assert imported("indium").returncode == 0
    store = Store.open(tmp_path / "data" / "toolkit" / "store")
    assert {*store.scan("prices").collect()["asset"]} == {"gallium", "indium"}


INTERRUPTED = """
import sys
import toolkit.cli.main
from toolkit.__main__ import main


def command():
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        sys.exit(130)


toolkit.cli.main.main = command
main()
"""


def test_a_caught_interruption_within_exec_leaves_the_exit_code(tmp_path):
    (tmp_path / "interrupted.py").write_text(INTERRUPTED)
    done = subprocess.run([sys.executable, "-m", "interrupted"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")
