"""README and docs cannot drift: what they say a command prints is what it prints, and every command of theirs is run."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.workbooks import xlsx
from toolkit.app.config import environment_name, keys
from toolkit.cli.main import run
from toolkit.market.store.store import Store
from tools.docs import written

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = {
    path.name: path.read_text(encoding="utf-8") for path in (REPOSITORY / "README.md", *sorted(REPOSITORY.glob("docs/*.md")))
}
CONFIG = (REPOSITORY / "config.toml").read_text(encoding="utf-8")
SLOW = (
    "--format pdf", "board.pdf", "optimize us-ban-returns", "frontier", "toolkit serve", "toolkit webinar", "toolkit mcp", "data fetch", "--data store",
    "strategies evidence --write",
)  # fmt: skip
"""What the commands that need a browser, half a minute, a process of their own or a source of data hold is run by tests of their
own."""

SHORTER = {
    "2024-12-31:2025-12-31": "2025-11-30:2025-12-31",
    "--workers 2": "--workers 1",
    "--start 2025-12-31": "--start 2026-03-31",
    "--start 2023-12-31": "--start 2026-03-31",
    "toolkit factors": "toolkit factors --as-of 2022-12-31",
}
"""Words of a page, and others that ask the same of the command in less time: fewer starts, months, processes and strategies, a
day before the first customs value."""


def commands() -> list[str]:
    """The command lines of code blocks and between backticks, without their comments."""
    found = []
    for page in PAGES.values():
        lines = re.findall(r"^toolkit .*$", page, re.MULTILINE) + re.findall(r"`(toolkit [^`\n]+)`", page)
        found += [command.strip() for line in lines for command in line.split("  #")[0].split(" # ")[0].split(";")]
    return sorted({command for command in found if not any(word in command for word in SLOW)})


def test_what_the_documents_copy_is_what_the_code_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path, text in written():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: make docs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A working folder with the files that the pages speak of, and a stored run."""
    path = tmp_path_factory.mktemp("documents")
    lots = re.findall(r"```csv\n(.*?)```", PAGES["holdings.md"], re.DOTALL)[-1]
    (own,) = re.findall(r"```toml\n(.*?)```", PAGES["events.md"], re.DOTALL)
    prices = "".join(f"{2023 + i // 12}-{i % 12 + 1:02d},{60000 + 900 * (i * 7 % 11)},{25 + i % 5}\n" for i in range(40))
    for name, text in {
        "mine.csv": lots,
        "moves.csv": re.findall(r"```csv\n(.*?)```", PAGES["movements.md"], re.DOTALL)[0],
        "own.toml": own,
        "lots.csv": re.findall(r"```csv\n(.*?)```", PAGES["start.md"], re.DOTALL)[0],
        "bids.csv": re.findall(r"```csv\n(.*?)```", PAGES["bids.md"], re.DOTALL)[0],
        "needs.csv": re.findall(r"```csv\n(asset,.*?)```", PAGES["cover.md"], re.DOTALL)[0],
        "quotes.csv": re.findall(r"```csv\n(quote,.*?)```", PAGES["cover.md"], re.DOTALL)[0],
        "licences.csv": re.findall(r"```csv\n(lot,.*?)```", PAGES["cover.md"], re.DOTALL)[0],
        "dealer.csv": "date,gold (USD),tin (USD)\n" + prices,
        "prices.csv": "date,ALFA,CORA,ECHO\n" + re.sub(r"(?m),(\d+)$", r",\1,\1.5", prices),
        "assets.csv": re.findall(r"```\n(asset;name.*?)```", PAGES["strategies.md"], re.DOTALL)[0],
        "notice.html": "<p>",
        "list.csv": re.findall(r"```csv\n(.*?)```", PAGES["data.md"], re.DOTALL)[0],
    }.items():
        (path / name).write_text(text, encoding="utf-8")
    rows = [line.split(",") for line in lots.splitlines()]
    (path / "mine.xlsx").write_bytes(xlsx({"Lots": rows}))
    theirs = [["Metall", "Menge (kg)", "EK netto", "B/S", "Bemerkung"], ["Gallium", 5, 580, "B", "seized by customs"]]
    (path / "theirs.xlsx").write_bytes(xlsx({"Lots": theirs}))
    whose = ["client", *(("Meier", "Harz")[i % 2] for i in range(len(rows) - 1))]
    (path / "clients.xlsx").write_bytes(xlsx({"Lots": [[*row, client] for row, client in zip(rows, whose, strict=True)]}))
    shutil.copytree(REPOSITORY / "docs" / "gallery", path / "docs" / "gallery", ignore=shutil.ignore_patterns("*.png"))
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(path)
        assert run(["optimize", "--quiet"]) == 0
        assert run(["data", "import", "dealer.csv", "--source", "dealer", "--data", "lager"]) == 0
        said = re.findall(r"^toolkit (data map list.csv .*)$", PAGES["data.md"], re.MULTILINE)[0]
        assert [run(shlex.split(said)), run(["data", "import", "list.csv", "--data", "lager"])] == [0, 0]
        assert run(["data", "export", "prices", "prices.parquet", "--data", "lager"]) == 0
    return path


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_pages_is_answered(command, folder, tmp_path, monkeypatch, capsys):
    shutil.copytree(folder, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    if "holdings template" in command:
        Path(shlex.split(command.partition(" #")[0])[-1]).unlink(missing_ok=True)
    for shown, shorter in SHORTER.items():
        command = command.replace(shown, shorter)
    words = [word for word in shlex.split(command)[1:] if word != "--open"]
    words += ["--no-report"] * (words[0] == "optimize")
    expected = {5} if ".upper=0.01" in command else {0, 8} if "--alert" in command or "ledger review" in command else {0}
    assert run(words) in expected, capsys.readouterr().err


def test_the_walk_through_a_store_goes_on_from_block_to_block(folder, tmp_path, monkeypatch, capsys):
    shutil.copytree(folder, tmp_path / "work", ignore=shutil.ignore_patterns("lager*"))
    monkeypatch.chdir(tmp_path / "work")
    found = re.findall(r"```sh\n(.*?)```", PAGES["data.md"], re.DOTALL)
    blocks = [block for block in found if "data fetch" not in block]  # tests/system/test_fetch_command.py runs that one
    assert len(blocks) == 6
    for line in "".join(blocks).splitlines():
        assert run(shlex.split(line, comments=True)[1:]) == 0, (line, capsys.readouterr().err)
    assert Store.open("lager").versions == {"prices": 3}, (
        "two imports, a correction and their compaction; a list that came again adds nothing"
    )
    assert Store.open("lager-2").versions == {"prices": 0}


@pytest.mark.parametrize("page", [name for name, text in PAGES.items() if "```python" in text])
def test_every_python_block_of_a_page_runs(page, folder, tmp_path, monkeypatch, capsys):
    shutil.copytree(folder, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGES[page], re.DOTALL):
        # The blocks of a page are one session, as a reader types them.
        exec(compile(block, page, "exec"), names)
    capsys.readouterr()
    written = {name for name in re.findall(r'(?:save|report)\("([^"]+)"', PAGES[page]) if Path(name).is_file()}
    assert written == {*re.findall(r'(?:save|report)\("([^"]+)"', PAGES[page])}


@pytest.fixture(scope="module")
def code():
    return {path: path.read_text(encoding="utf-8") for path in (REPOSITORY / "toolkit").rglob("*.py")}


@pytest.mark.parametrize("key", keys())
def test_every_setting_is_written_down_and_read(key, code):
    section, _, name = key.partition(".")
    _, _, rest = CONFIG.partition(f"[{section}]\n")
    assert re.search(rf"^(?:# )?{name} = ", rest.split("\n[")[0], re.MULTILINE), key
    assert [path for path, text in code.items() if re.search(rf"\b{section}\.{name}\b", text) and path.name != "config.py"]


def test_no_other_setting_is_written_down():
    found, section = set(), ""
    for line in CONFIG.splitlines():
        if match := re.match(r"\[(\w+)\]$", line):
            section = match[1]
        elif match := re.match(r"(?:# )?(\w+) = ", line):
            found.add(f"{section}.{match[1]}")
    assert found == set(keys())
    spoken = {name for page in PAGES.values() for name in re.findall(r"`((?:owner|data|output|web|plugins)\.\w+)`", page)}
    assert spoken <= set(keys())
    variables = {name for page in PAGES.values() for name in re.findall(r"TOOLKIT_(?:OWNER|DATA|OUTPUT)_\w+", page)}
    assert variables <= set(map(environment_name, keys()))


def test_reasons_of_coverage_are_printed_in_the_language_of_the_reader(toolkit):
    shown = " ".join(toolkit("ledger", "review", "--lang", "de").stdout.split())
    assert "seine Liste wurde nicht erfasst" in shown
    assert "its list was not entered" not in shown
