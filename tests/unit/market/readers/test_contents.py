"""Programs that read files of others: what ends them does not end the process that started them."""

import pytest

from toolkit.market.readers import contents
from toolkit.market.readers.contents import ReadingEnded, run


def test_what_a_program_writes_is_returned():
    assert run("sys.stdout.buffer.write(sys.stdin.buffer.read() + sys.argv[1].encode())", "b", content=b"a") == b"ab"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import os\nos.abort()", "damaged, or too large"),
        ("raise ValueError('the second page\\nis missing')", "the second page"),
        ("raise KeyboardInterrupt", "damaged, or too large"),
        (f"bytes({4 * contents.MOST_MEMORY})", "damaged, or too large"),
        ("import time\ntime.sleep(60)", "it takes more than 2 s"),
    ],
    ids=["abort", "error", "no exception", "memory", "time"],
)
def test_what_ends_a_program_is_said(monkeypatch, program, reason):
    monkeypatch.setattr(contents, "LONGEST", 2.0)
    with pytest.raises(ReadingEnded) as ended:
        run(program)
    assert str(ended.value) == reason


def test_no_module_of_the_folder_is_read(tmp_path, monkeypatch):
    (tmp_path / "pickle.py").write_text("raise ValueError('of the folder')")
    monkeypatch.chdir(tmp_path)
    assert run("import pickle\nsys.stdout.write(pickle.__name__)") == b"pickle"
