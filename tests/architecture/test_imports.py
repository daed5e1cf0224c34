"""What an import or a command loads: each in a copy of one process that has loaded nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = "numpy polars pydantic rich"
SOURCES = "curl_cffi exchange_calendars httpx pandas yfinance toolkit.market.sources toolkit.market.store"
OTHERS = f"cvxpy scipy vl_convert dask django jsonschema matplotlib sklearn {SOURCES}"
"""Libraries of other commands, and modules of them."""
ALL_MEASURES = """
import numpy as np
from toolkit.risk_measures import measures
for measure in measures().values():
    for face in (measure().numeric, measure().subgradient):
        face(np.array([0.1, -0.2, 0.3]), np.full(3, 1 / 3))
"""
OWN_RETURNS = """
from datetime import date, timedelta
import numpy as np
import toolkit as tk
days = [date(2024, 1, 1) + timedelta(days=day) for day in range(300)]
returns = tk.frame(np.random.default_rng(0).normal(0, 0.01, (300, 3)), names=["a", "b", "c"], dates=days)
assert tk.optimize(tk.Strategy(objective=tk.MinRisk()), returns=returns, currency="EUR").weights.height
"""
NOT_LOADED = {
    "import toolkit": HEAVY,
    "import toolkit.core.countries, toolkit.core.places": "babel",
    ALL_MEASURES: "cvxpy scipy",
    "from toolkit.market.sources.base import data_sources; assert 'yahoo' in data_sources()": (
        "yfinance httpx pandas curl_cffi"
    ),
    "import toolkit.web.demo.pool": "cvxpy polars scipy",
    OWN_RETURNS: f"jinja2 narwhals toolkit.app.subjects toolkit.records.findings {OTHERS}",
    "toolkit --help": f"cvxpy vl_convert {HEAVY}",
    "toolkit config show": f"polars toolkit.cli.optimize {OTHERS}",
    "toolkit data list": f"toolkit.app.data.fetch {OTHERS}",
    "toolkit optimize --no-report --json --as-of 2026-11-24": f"jinja2 {OTHERS}",
    "toolkit optimize": f"toolkit.cli.frontier {OTHERS.replace('vl_convert', '')}",
}
"""Code or command -> what it does not load."""
COPIES = """
import json, os, sys, time

for code in json.load(sys.stdin):
    answer, told = os.pipe()
    if not (copy := os.fork()):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        began = time.process_time()
        if code.startswith("toolkit "):
            from toolkit.cli.main import run
            assert not run(code.split()[1:]), code
        else:
            exec(code, {})
        os.write(told, json.dumps([time.process_time() - began, " ".join(sys.modules)]).encode())
        os._exit(0)
    os.close(told)
    with open(answer) as stream:
        print(stream.read())
    assert os.waitpid(copy, 0)[1] == 0, code
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_nothing_is_loaded_that_is_not_needed_and_the_package_is_there_in_50_ms():
    codes = [*NOT_LOADED, *["import toolkit"] * 2]
    done = subprocess.run(
        [sys.executable, "-c", COPIES], input=json.dumps(codes), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    loaded = {code: {*modules.split()} for code, (_, modules) in zip(codes, answers, strict=True)}
    assert {code: found for code, banned in NOT_LOADED.items() if (found := loaded[code] & {*banned.split()})} == {}
    assert min(seconds for code, (seconds, _) in zip(codes, answers, strict=True) if code == "import toolkit") < 0.05
