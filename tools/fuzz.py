"""Faulty and random inputs of each kind: a code of the contract, no traceback, no impossible figure, 1.5 GB at most.

    python -m tools.fuzz 2000                  two thousand cases of each kind, seeds 0 to 1999
    python -m tools.fuzz 200 --kind lots --seed 5000

A case that fails is written into tests/corpus: its files, and its line in cases.csv with `?` for a person to fill in.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import io
import json
import os
import random
import re
import resource
import shlex
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from toolkit.app.config import resolve
from toolkit.app.definitions import definitions
from toolkit.app.runs import with_checksums
from toolkit.app.strategies.language import language
from toolkit.app.subjects import context_of, with_parts
from toolkit.cli.main import command, run
from toolkit.core.decode import parse_toml
from toolkit.core.errors import SpecError
from toolkit.core.limits import LARGEST
from toolkit.market.package import bundled_folder
from toolkit.optimize.constraints.measures import CLOSED
from toolkit.records.lists import LanguageEntry
from toolkit.records.reading import read_run
from toolkit.records.run import Run
from toolkit.risk_measures import measures
from toolkit.strategy.decode import decode_strategy

CORPUS = Path(__file__).parents[1] / "tests" / "corpus"
INTERRUPTED = 130
CODES = {0, 2, 3, 4, 5, 6, 7, 8}
MEMORY, SECONDS = 1.5e9, 25.0
"""Bytes that a case adds to the process, and seconds of processor time, beyond which it fails."""
DAY = ("--as-of", "2026-11-24")
WORDS = (
    "nan", "inf", "-1", "1e308", "true", "[]", "{}", "''", "x" * 300, "\u202e", "\x07", "=1+1", "2026-02-30", "9" * 5000,
    "[" * 50, "CHN", "0", "[/b]", "1.234", "1,234", "gallium", "GLD", "None", "\x1b[31m", "03/04/2026", "Summe", "-0", "1e-320",
    "%", "kg", "\ufeff",
)  # fmt: skip
EVENTS = {
    "events.csv": """\
event_id,kind,instrument,standing,announced,effective,authority,origin,metals,forms,citation
own-1,control,licence,official,2026-11-01,2026-11-20,Ministry,CHN,hafnium,metal,gazette
""",
    "events.toml": """\
[[event]]
event_id = "own-1"
kind = "control"
instrument = "licence"
standing = "official"
authority = "Ministry"
citation = "gazette"
announced = 2026-11-01
effective = 2026-11-20
origin = "CHN"
metals = ["hafnium"]
forms = ["metal"]
""",
}
LOTS = (
    """\
lot_id,asset,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status
a,gallium,10,kg,2025-01-31,300,EUR,CHN,Hamburg,stored
b,germanium,2.5,kg,2024-05-31,1500,EUR,unknown,,stored
""",
    """\
Posten;Metall;Menge (kg);Kaufdatum;Kaufpreis;Währung;Herkunft;Lagerort;Status
1;Gallium;1.012,5;10.06.2024;390,00;EUR;China;Frankfurt;gelagert
2;Silber;30;01.02.2025;950,5;EUR;;Zürich Freilager;bestellt
""",
)
PRICES = (
    "date,gold,tin\n"
    + "".join(f"{2023 + i // 12}-{i % 12 + 1:02d},{60000 + 900 * (i * 7 % 11)},{25 + i % 5}\n" for i in range(30)),
    "Date,Open,High,Low,Close,Adj Close,Volume\n"
    + "".join(f"2026-01-{i + 1:02d},180.{i},182.{i},179.{i},18{i % 3}.5,18{i % 3}.25,1000{i}\n" for i in range(28)),
    "Datum;Metall;Preis;Währung;Einheit\n"
    + "".join(f"{28}.{i % 12 + 1:02d}.{2024 + i // 12};gallium;1.2{i:02d},50;EUR;kg\n" for i in range(20)),
)


FILES = {
    "lots.csv": LOTS[0].encode(),
    "prices.csv": PRICES[0].encode(),
    **{k: v.encode() for k, v in EVENTS.items()},
}
ARGUMENTS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("optimize",): ("minimum-risk", "--no-report"), ("frontier",): ("minimum-risk", "--points=3"), ("controls",): ("gallium",),
    ("exposure",): ("lots.csv",), ("flows",): ("bismuth",), ("supply",): ("gallium",), ("shock",): ("gallium",),
    ("event",): ("EV020",), ("factors",): ("minimum-risk",), ("report",): ("lots.csv", "--format=md"),
    ("holdings", "template"): ("new.csv",), ("holdings", "check"): ("lots.csv",), ("strategies", "show"): ("minimum-risk",),
    ("strategies", "check"): ("minimum-risk",), ("strategies", "language"): ("min_risk",), ("data", "show"): ("controls",),
    ("ledger", "add"): ("events.csv", "own-1"),
}  # fmt: skip
"""What each command is asked, so that its options are looked at."""
LONG = (("factors",), ("report",), ("frontier",))
"""Commands that take seconds: one in ten of the others."""
READERS = tuple(command for command in ARGUMENTS if command not in (*LONG, ("data", "show")))
COMMON = {"--config=", "--data=", "--out=", "--json", "--quiet", "--verbose", "--no-color", "--offline", "--debug", "--seed="}
UNTRIED = {"--open", "--json"}
RIGHT = dict(line.split("=", 1) for line in """\
--as-of=2024-06-30 | 2026-11-01 | 2026-11-24 | 1999-01-01
--prices=prices.csv
--prices-currency=EUR
--events=events.csv | events.toml
--currency=USD | JPY | usd
--destination=USA | Japan | de
--holdings=lots.csv | last
--budget=50000 | 1e6 | 0.01 | 5
--total=80000 | 1
--points=2 | 5
--set=objective.kind=min_risk | solver.time_limit=1 | constraint.x.upper=0.3 | universe.assets=['gold','gallium'] | objective=1
--form=metal | oxide | wafer
--to=USA | JPN
--origin=CHN | other
--end-user=military | civil
--purity=4N | 99.99 % | 0.5
--size=2 mm | 30 kg
--within=90d | 2 years | 0d | 1e9d
--format=ics | rss | json | md | html | eml
--loss=0.2 | 0.99 | 0
--elasticity=0.25:0.7 | 0.7:0.25
--cap=3 | 1
--premium=0.3 | -0.5
--use=gallium=100 | gallium=1 kg
--lang=de | en | fr
--report=full | exposure | webinar
--trade-parameter=1.1 | 0.8
--item=3C001
--client=Müller & Söhne | ../x
--out=elsewhere | lots.csv
--write=fixed.csv | lots.csv | no/such.csv
--csv=curve.csv
--chart=curve.svg | curve.png
--accept=gold | 2023-01
--evidence=lots.csv
--file=lots.csv
--config=lots.csv
--data=.""".splitlines())  # fmt: skip
"""Option -> values that it may have."""
NONSENSE = set(WORDS) - {
    "-1", "true", "x" * 300, "\ufeff", "0", "-0", "1e-320", "1.234", "1,234", "CHN", "gallium", "GLD", "kg", "03/04/2026",
}  # fmt: skip
"""Words that are right for no option but those that take any."""
FREE = {"--client", "--out", "--csv", "--chart", "--write"}
"""Options that take any words: names of files and people."""


@dataclass(frozen=True)
class Case:
    """Files by name, and the command that is run in their folder, asked for JSON or as it stands."""

    command: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    as_json: bool = True


def mutated(text: str, chance: random.Random) -> bytes:
    """One to three cuts, doublings, swaps of a line, a cell, a word or a byte; sometimes in another encoding."""
    for _ in range(chance.randint(1, 3)):
        at, lines = chance.randrange(len(text) + 1), text.splitlines(keepends=True) or [""]
        end, row = min(len(text), at + chance.randrange(1, 20)), chance.randrange(len(lines))
        cells = re.split(r"([,;=])", lines[row])
        cells[2 * chance.randrange((len(cells) + 1) // 2)] = chance.choice(WORDS)
        text = chance.choice((
            text[:at] + text[end:],
            text[:at],
            text[:end] + text[at:],
            text[:at] + chance.choice(WORDS) + text[end:],
            text[:at] + chr(chance.choice((0, 7, 34, 44, 59, 91, 123, 233, 0x2028))) + text[end:],
            "".join((*lines[:row], "".join(cells), *lines[row + 1 :])),
            "".join((*lines[:row], lines[row], *lines[row:])),
            "".join(chance.sample(lines, len(lines))),
        ))  # fmt: skip
    encoding = chance.choices(("utf-8", "utf-8-sig", "cp1252", "utf-16"), (12, 1, 1, 1))[0]
    return text.encode(encoding, "replace")


def _events(chance: random.Random) -> Case:
    name, text = chance.choice(tuple(EVENTS.items()))
    return Case(("controls", "hafnium", "--events", name, *DAY), {name: mutated(text, chance)})


def _lots(chance: random.Random) -> Case:
    command = chance.choice((("exposure", "lots.csv"), ("holdings", "check", "lots.csv")))
    return Case((*command, *DAY), {"lots.csv": mutated(chance.choice(LOTS), chance)})


def _prices(chance: random.Random) -> Case:
    own = ("--prices", "prices.csv", *DAY)
    rest = ("--prices-only", "--no-report", "--set", "solver.time_limit=2")
    command = chance.choice((("data", "validate", *own), ("optimize", "minimum-risk", *own, *rest)))
    return Case(command, {"prices.csv": mutated(chance.choice(PRICES), chance)})


def _strategy(chance: random.Random) -> Case:
    shipped = chance.choice(definitions("strategies")).path.read_text(encoding="utf-8")
    return Case(("strategies", "check", "mine.toml", *DAY), {"mine.toml": mutated(shipped, chance)})


@cache
def _commands() -> Mapping[tuple[str, ...], tuple[str, ...]]:
    """Each command with its options, a flag without ``=``; what opens a browser is left out."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}

    def walk(command: Any, path: tuple[str, ...]) -> None:
        if isinstance(command, TyperGroup):
            for name in command.list_commands(typer.Context(command)):
                walk(command.commands[name], (*path, name))
        else:
            options = [one for one in command.params if one.param_type_name == "option"]
            found[path] = tuple(one.opts[-1] + ("" if one.is_flag else "=") for one in options if one.opts[-1] not in UNTRIED)

    walk(command, ())
    return found


def _option(chance: random.Random) -> Case:
    """A command with one to three of its options, each of a value that may be right or cannot be."""
    paths = tuple(_commands())
    (path,) = chance.choices(paths, [0.1 if path in LONG else 1.0 for path in paths])
    arguments, options = ARGUMENTS.get(path, ()), _commands()[path]
    if arguments and chance.random() < 0.1:
        arguments = (chance.choice(WORDS), *arguments[1:])
    own = [option for option in options if option not in COMMON]
    drawn = (chance.choice(own if own and chance.random() < 0.6 else options) for _ in range(chance.choice((1, 1, 2, 3))))
    for option in dict.fromkeys(drawn):
        right = RIGHT.get(option.removesuffix("="), "").split(" | ")
        value = chance.choice(right if right[0] and chance.random() < 0.6 else WORDS)
        arguments += (option + value if option.endswith("=") else option,)
    return Case((*path, *arguments), FILES, as_json=chance.random() < 0.5)


def _config(chance: random.Random) -> Case:
    text = (CORPUS.parents[1] / "config.toml").read_text(encoding="utf-8")
    return Case(("config", "show"), {"config.toml": mutated(text, chance)})


def _package(chance: random.Random) -> Case:
    """A file of the bundled package that is damaged, and a command that may read it; the runner puts the others beside it."""
    path = chance.choice([path for path in sorted(bundled_folder().iterdir()) if path.is_file()])
    if path.suffix in (".csv", ".json"):
        content = mutated(path.read_text(encoding="utf-8"), chance)
    elif path.suffix == ".gz" and chance.random() < 0.8:
        content = gzip.compress(mutated(gzip.decompress(path.read_bytes()).decode(), chance), 1)
    else:
        content = bytearray(path.read_bytes())
        for _ in range(chance.randint(1, 5)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        content = bytes(content[: chance.choice((len(content), chance.randrange(len(content))))])
    reader = chance.choice(READERS)
    commands = (
        ("data", "list"),
        ("data", "validate"),
        ("data", "show", path.name.split(".")[0]),
        (*reader, *ARGUMENTS[reader]),
    )
    return Case((*chance.choice(commands), "--data", "package", *DAY), {**FILES, f"package/{path.name}": content})


def _random_strategy(chance: random.Random) -> Case:
    """Every table, kind and key of the language with values of their type."""
    holdings = ("--holdings", "lots.csv") if chance.random() < 0.3 else ()
    command = ("optimize", "mine.toml", "--no-report", *holdings, *DAY)
    return Case(command, {"mine.toml": _strategy_text(chance).encode(), **({"lots.csv": LOTS[0].encode()} if holdings else {})})


@cache
def _stored() -> Mapping[str, str]:
    """A run and what was found beside it, to damage."""
    record = json.loads(_called(("optimize", "minimum-risk", "--no-report", *DAY, "--json"))[1])
    run = Run.model_validate(record)
    parts = with_parts(run, context_of(run, resolve({}, file=None))).parts
    return {"run.json": json.dumps(record), "findings.json": json.dumps(parts.to_json())}


def _run(chance: random.Random) -> Case:
    """A stored run with a key that is missing or of a wrong type, at any depth, under checksums that fit."""
    records = {name: json.loads(text) for name, text in _stored().items()}
    for _ in range(chance.choice((1, 1, 2))):
        node: Any = records[chance.choice(tuple(records))]
        while True:
            key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if not isinstance(node[key], dict | list) or not node[key] or chance.random() < 0.2:
                break
            node = node[key]
        if chance.random() < 0.5:
            del node[key]
        else:
            node[key] = chance.choice(
                [value for value in (None, [], {}, "x", True, -1.5, [1]) if value == "x" or type(value) is not type(node[key])]
            )
    files = with_checksums({name: json.dumps(record).encode() for name, record in records.items()}, {"seed": 0})
    held = ("optimize", "minimum-risk", "--no-report", "--holdings", "a", *DAY)
    command = chance.choice((("report", "a", "--format", "md"), held))
    return Case((*command, "--out", "out"), {f"out/runs/a/{name}": content for name, content in files.items()})


KINDS: Mapping[str, Callable[[random.Random], Case]] = {
    "config": _config,
    "events": _events,
    "lots": _lots,
    "option": _option,
    "package": _package,
    "prices": _prices,
    "random-strategy": _random_strategy,
    "run": _run,
    "strategy": _strategy,
}
SLOW = ("random-strategy", "run")
"""Kinds whose cases take seconds."""

ASSETS = ("gallium", "germanium", "indium", "antimony", "tungsten", "gold", "silver", "platinum", "bismuth", "tellurium")
TEXTS = {
    "expression": ("gallium + germanium <= 0.3", "gold == silver", "gallium >= 0.1", "gold - 2 * silver <= 0.1"),
    "country": ("CHN", "any", "ZAF"),
    "origin": ("CHN", "other", "DEU"),
    "factor": ("precious_metals", "energy", "dollar"),
    "control": ("CHN",),
    "destination": ("DEU", "USA"),
    "lifted": ("CHN",),
    "currency": ("USD",),
    "group": ("precious_metals",),
    "groups": ("technology_metals", "precious_metals", "rare_earths", "other"),
    "instruments": ("licence", "ban", "whitelist"),
    "order": ("CLARABEL", "PIQP", "HIGHS", "SCIP"),
    "scenario": ("stop",),
}
NUMBERS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.9, 1.0, 2.0, 5.0, 24.0, 0.001, 1e4)


def _value(kind: str, key: str, chance: random.Random) -> str:
    """A value of a type as `toolkit strategies language` words it."""
    kind = chance.choice(kind.split(" | ")) if not kind.startswith(("[", "{")) or "] | " in kind else kind
    if kind.startswith("["):
        inner = kind.strip("[]").removesuffix(", ...")
        return "[" + ", ".join(dict.fromkeys(_value(inner, key, chance) for _ in range(chance.randint(1, 4)))) + "]"
    if kind.startswith("{name = "):
        named = chance.sample(ASSETS, chance.randint(1, 4))
        return "{" + ", ".join(f"{one} = {_value(kind[8:-1], key, chance)}" for one in named) + "}"
    if kind.startswith(('"', "true", "false")):
        return kind
    if "number" in kind:
        return _number(kind, chance)
    texts = {"a measure": (*sorted(measures()), *CLOSED), "a period": ("12 months", "36 months", "1 year", "90 days")}
    return json.dumps(chance.choice(texts.get(kind) or TEXTS.get(key, ASSETS)))


def _number(kind: str, chance: random.Random) -> str:
    """A number within the limits of its type; one in twenty at or beyond them."""
    low = max((float(x) for x in re.findall(r"(?:above|at least) (-?[\d.e+]+)", kind)), default=-1.0)
    high = min((float(x) for x in re.findall(r"(?:below|at most) (-?[\d.e+]+)", kind)), default=1e4)
    fitting = [x for x in NUMBERS if low < x < high] or [(low + high) / 2]
    picked = chance.choice(fitting) if chance.random() < 0.95 else chance.choice((low, high, -1.0, 1e9))
    if not kind.startswith("whole"):
        return repr(picked)
    return str(2 * round(picked / 2) if "multiple" in kind else round(picked))


def _keys(entry: LanguageEntry, chance: random.Random) -> Iterator[str]:
    if entry.kind:
        yield f'kind = "{entry.kind}"'
    for key in entry.keys:
        often = 0.9 if key.key == "upper" else 0.1 if key.key in ("soft", "lower", "confidence") else 0.4
        if "table" not in key.type and key.key != "name" and (key.required or chance.random() < often):
            yield f"{key.key} = {_value(key.type, key.key, chance)}"


def _decodes(text: str) -> bool:
    try:
        decode_strategy(parse_toml(text), name="mine", file="mine.toml")
    except (SpecError, ValueError):
        return False
    return True


def _strategy_text(chance: random.Random) -> str:
    """A strategy of random tables; most tables that do not decode are drawn again, so that most strategies are solved."""
    tables: dict[str, list[LanguageEntry]] = {}
    for entry in language():
        tables.setdefault(entry.table, []).append(entry)
    chosen = json.dumps(chance.sample(ASSETS, chance.choice((4, len(ASSETS), len(ASSETS)))))
    text = f'[about]\ntitle = "t"\nidea = "i"\nsource = "s"\n[universe]\nassets = {chosen}\n[solver]\ntime_limit = 2.0\n'
    optional = ("[forecast.covariance]", "[forecast.returns]", "[forecast.scenarios]", "[costs]", "[[scenario]]")
    parts = [
        table
        for table in optional
        if chance.random() < (0.85 if table == "[forecast.returns]" else 0.5 if table == "[[scenario]]" else 0.3)
    ]
    entries = ["[objective]", *parts, *["[[constraint]]"] * chance.randint(0, 5)]
    for i, table in enumerate(entries):
        head = f'{table}\nname = "{"stop" if "scenario" in table else f"c{i}"}"' if table.startswith("[[") else table
        for _ in range(20):
            drawn = text + "\n".join([head, *_keys(chance.choice(tables[table]), chance)]) + "\n"
            if _decodes(drawn) or chance.random() < 0.01:
                text = drawn
                break
    return text


def _called(command: tuple[str, ...]) -> tuple[int, str, str]:
    bytes_out, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(bytes_out, "utf-8", newline="")  # feeds and pages are written as bytes
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(command))
    out.flush()
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code, bytes_out.getvalue().decode("utf-8", "replace"), err.getvalue()


def called(case: Case) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a case, run in a new folder that holds its files; a data package is made whole there."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        for file, content in case.files.items():
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_bytes(content)
        if "--data" in case.command:
            folder = Path(case.command[case.command.index("--data") + 1])
            for path in bundled_folder().iterdir() if folder.is_dir() else ():
                with contextlib.suppress(FileExistsError):
                    (folder / path.name).symlink_to(path)
        return _called(case.command)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def fault(case: Case) -> str:
    """What is wrong with the outcome of a case; empty where it holds the contract."""
    began, before, held = time.process_time(), _peak(), _resident()
    as_json = case.as_json and case.command[0] != "report"
    code, out, err = called(Case((*case.command, "--json"), case.files) if as_json else case)
    used = _peak() - held if _peak() > before else 0
    took = time.process_time() - began
    found = _answer_fault(code, out) if as_json else ""
    if code not in CODES or "Traceback" in err:
        found = f"exit {code}: {(err or out)[:300]}"
    elif used > MEMORY:
        found = f"{used / 1e9:.1f} GB of memory"
    elif code in (0, 7) and (ignored := [word for word in case.command if _is_nonsense(word)]):
        found = f"exit {code} in spite of {ignored[0]!r}"
    elif took > SECONDS:
        found = f"{took:.0f} s of processor time"
    return found


def _is_nonsense(word: str) -> bool:
    """Whether an option has a value that no answer can rest on."""
    option, given, value = word.partition("=")
    return option.startswith("--") and bool(given) and value in NONSENSE and option not in FREE


def _figures(answer: Any) -> Iterator[float]:
    match answer:
        case dict() | list():
            for item in answer.values() if isinstance(answer, dict) else answer:
                yield from _figures(item)
        case float() | int():
            yield answer


def _answer_fault(code: int, out: str) -> str:
    try:
        answer = json.loads(out)
        json.dumps(answer, allow_nan=False)
    except ValueError:
        return f"no JSON object of finite numbers: {out[:200]!r}"
    if "error" not in answer and (beyond := [figure for figure in _figures(answer) if abs(figure) > LARGEST]):
        return f"an impossible figure: {beyond[0]}"
    if code in (2, 3, 4) and "error" in answer and not answer["error"]["message"].strip():
        return "an error without a message"
    return impossible(answer)


def impossible(answer: Any) -> str:
    """Figures of an answer that cannot be; empty where there are none."""
    if not isinstance(answer, dict) or "positions" not in answer:
        return ""
    rows, cash = answer["positions"], answer["cash"]
    total = sum(row["value"] for row in rows) + cash["value"] + answer["costs"]["entry"]
    hard = [row["slack"] for row in answer["constraints"] if row["slack"] is not None and row["soft"] is None]
    checks = {
        "weights and cash do not add up to 1": abs(sum(row["weight"] for row in rows) + cash["weight"] - 1) < 1e-8,
        "values, cash and costs do not add up to the budget": abs(total - answer["budget"]) < 0.011,
        "a weight is negative": all(row["weight"] >= -1e-9 for row in rows),
        "a price is not above zero": all(row["price"] > 0 for row in rows),
        "the volatility cannot be": 0 <= answer["risk"]["volatility"] < 20,
        "a limit is broken": all(slack > -1e-4 for slack in hard),
    }
    try:
        read_run(answer, "the answer", "")
    except SpecError as error:
        return error.message
    return "; ".join(name for name, held in checks.items() if not held)


def keep(case: Case, name: str) -> None:
    """Write a case into the corpus: its files, under a name of their own, and the line that a person completes."""
    tops = dict.fromkeys(Path(file).parts[0] for file in case.files)
    names = {top: f"{name}{'' if i == 0 else f'-{i}'}{Path(top).suffix}" for i, top in enumerate(tops)}
    for file, content in case.files.items():
        path = CORPUS.joinpath(names[Path(file).parts[0]], *Path(file).parts[1:])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    command = [names.get(word, word) for word in case.command]
    with (CORPUS / "cases.csv").open("a", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerow(("?", "?", shlex.join(command)))


def kept() -> Iterator[tuple[str, str, Case]]:
    """Exit code, first words of the message, and case of each line of the corpus."""
    with (CORPUS / "cases.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            command = tuple(shlex.split(row["command"]))
            paths = [CORPUS / word for word in command if (CORPUS / word).exists()]
            files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else (path,)) if file.is_file()]
            case = Case(command, {file.relative_to(CORPUS).as_posix(): file.read_bytes() for file in files})
            yield row["exit"], row["message"], case


def main() -> int:
    """Run the cases; 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=int, help="of each kind")
    parser.add_argument("--kind", action="append", choices=sorted(KINDS), help="this kind only; repeatable")
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    parser.add_argument("--no-keep", action="store_true", help="write nothing into the corpus")
    asked = parser.parse_args()
    os.environ["COLUMNS"] = "80"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run_cases: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    with contextlib.suppress(KeyboardInterrupt):
        for seed in range(asked.seed, asked.seed + asked.cases):
            for kind in asked.kind or KINDS:
                case = KINDS[kind](random.Random(f"{kind} {seed}"))
                found = fault(case)
                run_cases[kind] += 1
                if found:
                    failed[kind] += 1
                    print(f"{kind} {seed}: {shlex.join(case.command)[:200]}\n    {found}", flush=True)
                    if not asked.no_keep:
                        keep(case, f"{kind}-{seed}")
    for kind, count in run_cases.items():
        print(f"{kind}: {count} cases, {failed[kind]} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
