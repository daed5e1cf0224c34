"""The wheel, installed in a fresh environment and run from an empty folder: what a user gets from pip."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(out), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_carries_strategies_reports_and_data_and_one_top_level_name(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "toolkit/py.typed",
        "toolkit/_shipped/strategies/physical-basket.toml",
        "toolkit/_shipped/reports/allocation.toml",
        "toolkit/_shipped/reports/assets/report.css",
        "toolkit/_shipped/reports/templates/page.html.j2",
        "toolkit/market/bundled/prices.csv",
        "toolkit/market/bundled/datapackage.json",
    ):
        assert wanted in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"toolkit"}


def test_the_main_job_runs_from_the_wheel_in_an_empty_folder(wheel, tmp_path):
    # The libraries are those of this environment: what is under test is the wheel.
    place = tmp_path / "venv"
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel]
    subprocess.run(install, check=True, capture_output=True)
    (site,) = place.glob("lib/python*/site-packages")
    (here,) = {p for p in map(Path, sys.path) if p.name == "site-packages"}
    # A plain .pth would also run the editable install's own hook and find the checkout: link package by package.
    for package in here.iterdir():
        if "strategic_metals" not in package.name and not (site / package.name).exists() and package.suffix != ".pth":
            (site / package.name).symlink_to(package)
    empty = tmp_path / "empty"
    empty.mkdir()
    result = subprocess.run(
        [place / "bin" / "toolkit", "optimize", "--json"],
        cwd=empty,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-500:] + result.stderr[-500:]
    record = json.loads(result.stdout)
    assert (empty / "out" / "runs" / record["run_id"] / "report.html").is_file()
    listed = subprocess.run(
        [place / "bin" / "toolkit", "strategies", "list", "--json"], cwd=empty, capture_output=True, text=True, check=True
    )
    assert {row["origin"] for row in json.loads(listed.stdout)["strategies"]} == {"shipped"}
