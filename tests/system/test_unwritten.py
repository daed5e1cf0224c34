"""An answer that was computed is shown, whether or not its files can be written."""

import json
import sys
from pathlib import Path

import pytest

from tests.full_disks import no_file_beyond


@pytest.fixture
def blocked(tmp_path):
    """A working folder in which a file has the name of the output folder."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "out").write_text("in the way")
    return work


def test_the_answer_is_shown_where_a_file_is_in_the_way(toolkit, blocked):
    done = toolkit("optimize", "equal-weight", "--no-report")
    assert done.returncode == 2
    assert "Cash" in done.stdout
    assert "cannot write to out" in done.stderr
    assert "run: " not in done.stderr


def test_the_object_of_the_answer_is_alone_on_stdout(toolkit, blocked):
    done = toolkit("optimize", "equal-weight", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["positions"]
    assert done.stderr.rstrip().splitlines()[-2].startswith("error: cannot write to out")


@pytest.mark.parametrize("report", [(), ("--no-report",)])
def test_a_conflict_keeps_its_exit_code(toolkit, blocked, report):
    done = toolkit("optimize", "min.toml", *report, cwd=_impossible(blocked))
    assert done.returncode == 5, done.stderr
    assert ("no report" in done.stderr) is not bool(report)


def _impossible(folder):
    (folder / "min.toml").write_text(
        '[about]\ntitle = "t"\nidea = "i"\nsource = "s"\n[universe]\nassets = ["gold", "silver"]\n[objective]\nkind = "min_risk"\n'
        '[[constraint]]\nname = "little"\nkind = "bounds"\nupper = 0.1\n'
    )
    return folder


@pytest.mark.parametrize("option", ["--csv", "--chart"])
def test_a_frontier_is_shown_where_its_file_cannot_be_written(toolkit, blocked, option):
    done = toolkit("frontier", "ex-china", "--points", "3", option, "out/of/reach", "--json")
    assert done.returncode == 2
    assert len(json.loads(done.stdout)["points"]) == 3
    assert "error: cannot write to out/of" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_takes_no_answer(toolkit):
    done = toolkit("frontier", "ex-china", "--points", "3", "--csv", "/dev/full", "--json")
    assert done.returncode == 2
    assert len(json.loads(done.stdout)["points"]) == 3
    assert "No space left" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_a_file_that_cannot_be_written_whole_is_not_there(toolkit, tmp_path):
    """Under a limit of no byte a file: what `open` has made would be empty, and in the way of the next try."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "lots.csv").write_text("asset,quantity\ngold,1\n")
    with no_file_beyond(0):
        done = toolkit("holdings", "template", "new.csv")
    assert done.returncode == 2
    assert "cannot write to new.csv" in done.stderr
    assert [path.name for path in work.iterdir()] == ["lots.csv"]
