"""A data package of one's own that is damaged is refused with its file and the place: exit 3, never 1."""

import json
import random
import shutil

import pytest

from toolkit.cli.main import run
from toolkit.market.package import bundled_folder


@pytest.fixture
def package(tmp_path):
    return shutil.copytree(bundled_folder(), tmp_path / "package")


def _refused(package, capsys, *commands):
    for command in commands or (["optimize", "equal-weight", "--no-report"], ["data", "list"]):
        code = run([*command, "--data", str(package), "--json"])
        out, err = capsys.readouterr()
        assert code == 3, (command, out, err)
        told = json.loads(out)["error"]
        assert told["message"]
        assert "Traceback" not in err
    return f"{told['message']} {told['hint']}"


def test_a_whole_copy_answers_as_the_bundled_one(package, capsys):
    assert run(["data", "list", "--data", str(package), "--json"]) == 0
    own = json.loads(capsys.readouterr().out)
    assert run(["data", "list", "--json"]) == 0
    assert own["data"] == json.loads(capsys.readouterr().out)["data"]


DESCRIPTORS = {
    "": "cannot be read",
    "[": "cannot be read",
    "[" * 100_000: "cannot be read",
    "null": "must be a table",
    "[]": "must be a table",
    "{}": "resources is required",
    '{"resources": 3, "sources": []}': "resources must be a list",
    '{"resources": [3], "sources": []}': "resources.0 must be a table",
    '{"resources": [{"name": [], "path": "fx.csv", "schema": {"fields": []}}], "sources": []}': "resources.0.name must be text",
    '{"resources": [{"name": "fx", "path": "/etc/passwd", "schema": {"fields": []}}], "sources": []}': "inside the package",
    '{"resources": [{"name": "fx", "path": "../fx.csv", "schema": {"fields": []}}], "sources": []}': "inside the package",
    '{"resources": [], "sources": [{"name": "a", "title": "b", "complete_to": "soon"}]}': "sources.0.complete_to",
    '{"resources": [], "sources": [{"name": "a", "title": "b", "rhythm_days": 1e308}]}': "sources.0.rhythm_days",
    '{"resources": [], "sources": []}': "no table",
}  # fmt: skip


@pytest.mark.parametrize("text", DESCRIPTORS, ids=lambda text: text[:40])
def test_a_broken_descriptor_is_refused(package, text, capsys):
    (package / "datapackage.json").write_text(text)
    assert DESCRIPTORS[text] in _refused(package, capsys, ["optimize", "equal-weight", "--no-report"])


@pytest.mark.parametrize("table", ["prices", "flows", "products", "controls"])
def test_a_damaged_table_is_refused_with_its_name(package, table, capsys):
    path = package / f"{table}.csv"
    whole = path.read_bytes()
    lines = whole.decode().splitlines()
    head, first = lines[0], lines[1]
    damaged = {
        "missing": None,
        "empty": b"",
        "no rows of the right width": whole[: len(whole) // 2].rpartition(b",")[0] + b',"',
        "a column is gone": "\n".join([head.replace("known_from", "known"), *lines[1:]]).encode(),
        "a row twice": "\n".join([*lines, first]).encode(),
        "a date that is none": "\n".join([*lines[:-1], lines[-1].replace("20", "xx")]).encode(),
        "binary": bytes(random.Random(1).randrange(256) for _ in range(2000)),
        "wide": b"PK\x03\x04" + whole[:100],
    }
    for what, content in damaged.items():
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        assert f"{table}.csv" in _refused(package, capsys, ["data", "list"]), what


@pytest.mark.parametrize("name", ["fx.parquet", "history.csv.gz"])
def test_a_damaged_packed_table_is_refused_with_its_name(package, name, capsys):
    path = package / name
    whole = path.read_bytes()
    noise = random.Random(1).randbytes(2000)
    for content in (
        None,
        b"",
        whole[: len(whole) // 2],
        noise,
        whole[:100] + noise + whole[2100:],
        b"PK\x03\x04" + whole[:100],
    ):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        assert name in _refused(package, capsys, ["data", "list"]), content and content[:20]
