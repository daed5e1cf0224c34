"""Stored runs that were edited, cut off, or are of another version: refused with file and remedy, never a changed figure."""

import json
import random

import pytest

from tests.subjects import conflict, holdings, market, proposal, settings, with_parts
from toolkit import __version__
from toolkit.app.findings.part import check_parts
from toolkit.app.findings.part import parts as all_parts
from toolkit.app.report.stored import load_run
from toolkit.app.run_schema import RUN as SCHEMA
from toolkit.app.run_schema import check_run
from toolkit.app.runs import RECORD, read_stored, run_files, store, with_checksums
from toolkit.cli.main import run
from toolkit.core.errors import SpecError

SHAPES = {name: part.shape for name, part in all_parts().items()}
RUN = {
    "run_id": "a", "as_of": "2026-01-01", "owner": {"country": "DEU", "currency": "EUR"}, "controls": [],
    "orders": [],
    "positions": [{"asset": "gold", "weight": 0.5, "previous_weight": 0.0, "value": 1.0, "quantity": 2.0, "unit": "kg",
                   "lots": None, "lot_size": None, "price": 0.5}],
    "cash": {"weight": 0.5, "value": 1.0},
}  # fmt: skip


@pytest.fixture
def stored(tmp_path):
    return store(
        tmp_path / "out/runs", "a", with_checksums({**run_files(RUN, {"seed": 0}), "findings.json": b"{}"}, {"seed": 0})
    )


def test_a_run_is_read_as_it_was_written(stored):
    assert read_stored(stored) == RUN
    assert read_stored(stored, "findings.json") == {}
    (stored / "findings.json").unlink()
    assert read_stored(stored, "findings.json") is None


@pytest.mark.parametrize("name", ["run.json", "inputs.json", "findings.json"])
@pytest.mark.parametrize("seed", range(40))
def test_a_changed_run_is_refused(stored, name, seed, capsys):
    chance = random.Random(f"{name} {seed}")
    path = stored / name
    content = path.read_bytes()
    damaged = [
        content[: chance.randrange(len(content))],
        content.replace(b"{}", b"[]").replace(b"a", b"b", 1).replace(b'"sha256"', b'"sha"'),
        b"[" * 50_000,
        b"null",
        b"[]",
        b'{"sha256": []}',
        json.dumps({key: chance.choice([None, [], "x", -1]) for key in ("sha256", "positions", "as_of")}).encode(),
        bytes(chance.randrange(256) for _ in range(50)),
    ]
    path.write_bytes(damaged[seed % len(damaged)])
    if seed % 11 == 10:
        path.unlink()
        if name == "findings.json":
            return
    with pytest.raises(SpecError) as refused:
        read_stored(stored, "findings.json" if name == "findings.json" else RECORD)
    assert "again" in refused.value.hint
    assert str(stored) in refused.value.message
    for command in (["report", "a"], ["optimize", "--holdings", "a"]):
        if name != "findings.json":
            assert run([*command, "--out", str(stored.parents[1])]) in (2, 3), capsys.readouterr().err


def test_a_run_of_an_earlier_version_is_refused_by_reports_in_plain_words(tmp_path, capsys):
    earlier = {**{key: value for key, value in RUN.items() if key != "orders"}, "schema_version": 1}
    files = {"run.json": json.dumps(earlier).encode(), "inputs.json": b"{}", "findings.json": b"{}"}
    store(tmp_path / "out/runs", "2026-01-01-early", with_checksums(files, {"seed": 0}))
    assert run(["report", "last", "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "2026-01-01-early" in told
    assert "its schema is 1, not 2" in told
    assert "Run the strategy again" in told


def places(shape, node):
    """Each table of a record that the schema knows by its keys, with those keys."""
    if isinstance(shape, tuple):
        shape = shape[0] or shape[1]
    if node is None or not isinstance(shape, dict | list):
        return
    if isinstance(shape, list):
        for item in node[:1]:
            yield from places(shape[0], item)
    elif str in shape:
        for item in list(node.values())[:1]:
            yield from places(shape[str], item)
    else:
        for key in shape:
            yield node, key
            yield from places(shape[key], node[key])


def found_beside(subject):
    """Its parts, and the check of them."""
    return subject.parts, lambda found: check_parts(found, "findings.json", "again")


@pytest.mark.parametrize("file", ["run.json", "findings.json"])
def test_every_key_is_needed_at_every_depth_and_has_its_type(file):
    record = proposal("minimum-risk")
    shape, check = SCHEMA, lambda found: check_run(found, file, "again")
    if file == "findings.json":
        record, check = found_beside(with_parts(record))
        shape = {name: SHAPES[name] for name in record}
    check(record)
    found = [(node, key) for node, key in places(shape, record) if node is not record or file == "run.json"]
    assert len(found) > 250
    for node, key in found:
        value = node.pop(key)
        for damage in ("missing", ("a", "tuple")):
            if damage != "missing":
                node[key] = damage
            with pytest.raises(SpecError, match=key) as refused:
                check(record)
            assert refused.value.message.startswith(f"{file}: ")
            assert refused.value.hint == "again"
        node[key] = value
    check(record)


@pytest.mark.parametrize(
    "path", ["risk_contributions", "relaxed.weights", "expected_return.assets", "assets", "factor_model.assets"]
)
def test_what_goes_by_asset_holds_each_asset_of_the_run(path):
    record = json.loads(json.dumps(proposal("return-under-cvar")))
    check_run(record, "run.json", "again")
    node = record
    for key in path.split("."):
        node = node[key]
    asset = record["positions"][1]["asset"]
    del node[asset if isinstance(node, dict) else 1]
    with pytest.raises(SpecError, match=f"run.json: {path}.{asset} is required") as refused:
        check_run(record, "run.json", "again")
    assert refused.value.details["faults"][0]["key"] == f"{path}.{asset}"


def test_a_model_has_a_loading_on_each_of_its_factors():
    record = json.loads(json.dumps(proposal("minimum-risk")))
    row, factor = record["factor_model"]["assets"][0], record["factor_model"]["factors"][0]["name"]
    del row["loadings"][factor]
    with pytest.raises(SpecError, match=f"factor_model.assets.{row['asset']}.loadings.{factor} is required"):
        check_run(record, "run.json", "again")


def unknown(shape, node, path=""):
    """Each key of a record that the schema does not know."""
    if isinstance(shape, tuple):
        shape = shape[0] or shape[1]
    if isinstance(shape, list):
        for item in node or ():
            yield from unknown(shape[0], item, f"{path}[]")
    elif isinstance(shape, dict):
        for key, value in (node or {}).items():
            inner = shape.get(str, shape.get(key))
            yield from [f"{path}.{key}"] if inner is None else unknown(inner, value, f"{path}.{key}")


@pytest.mark.parametrize("strategy", ["minimum-risk", "return-under-cvar"])
def test_the_schema_knows_every_key_of_a_run(strategy):
    """A key that it does not know is read by a report without having been looked at."""
    assert set(unknown(SCHEMA, proposal(strategy))) == {".schema_version"}


@pytest.mark.parametrize("subject", ["run", "conflict", "holdings", "market"])
def test_a_part_states_every_key_of_what_it_finds(subject, tmp_path):
    makers = {"run": lambda: with_parts(proposal()), "conflict": conflict, "market": market}
    parts, check = found_beside(makers[subject]() if subject in makers else holdings(tmp_path / "lots.csv"))
    check(parts)
    assert not set(unknown(SHAPES, parts))
    assert {"changes", "flows", "supply"} <= set(parts)


def test_a_stored_run_with_a_damaged_part_is_refused(tmp_path, capsys):
    subject = with_parts(proposal())
    flow, *others = subject.parts["flows"]["flows"]
    shorter = [{**flow, "basis": flow["basis"][1:]}, *others]
    faulty = {
        "flows.flows.0 needs lists of one length": {**subject.parts, "flows": {**subject.parts["flows"], "flows": shorter}},
        "supply.metals must be a list": {**subject.parts, "supply": {**subject.parts["supply"], "metals": None}},
        "whatif.country is required": {**subject.parts, "whatif": {}},
        "must be a table, not list": [subject.parts],
        "cannot be read": None,
    }
    for words, parts in faulty.items():
        content = b"[" * 100_000 if parts is None else json.dumps(parts).encode()
        files = {**run_files(subject.record, {"seed": 0}), "findings.json": content}
        store(tmp_path / "out/runs", "a", with_checksums(files, {"seed": 0}))
        assert run(["report", "a", "--out", str(tmp_path / "out"), "--format", "md"]) == 2
        told = " ".join(capsys.readouterr().err.split())
        assert words in told
        assert "findings.json" in told
        assert "Run the strategy again." in told


def test_what_another_version_found_with_fewer_keys_is_found_again_and_what_this_one_did_is_refused(tmp_path):
    """No figure of the run changes: only what stands beside it is looked up again."""
    record = proposal("minimum-risk")
    whole = with_parts(record).parts
    name = next(name for name, found in whole.items() if found and SHAPES[name])
    lost = next(iter(SHAPES[name]))
    less = {**whole, name: {key: value for key, value in whole[name].items() if key != lost}}
    for run_name, version in (("earlier", "0.0.9"), ("own", __version__)):
        made = {**record, "run_id": f"2026-01-01-{run_name}", "versions": {**record["versions"], "toolkit": version}}
        files = {"run.json": json.dumps(made).encode(), "inputs.json": b"{}", "findings.json": json.dumps(less).encode()}
        store(tmp_path, made["run_id"], with_checksums(files, {"seed": 0}))
    assert load_run(tmp_path / "2026-01-01-earlier", settings()).subject.parts == whole
    with pytest.raises(SpecError, match=lost):
        load_run(tmp_path / "2026-01-01-own", settings())
