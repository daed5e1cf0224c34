"""The wheel, installed in a fresh environment and run from an empty folder: what a user gets from pip."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.system.portal import serving

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
    assert [name for name in names if name.endswith(".dist-info/sboms/sbom.cdx.json")]
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"toolkit"}


def test_two_builds_in_different_folders_are_the_same_bytes(wheel, tmp_path):
    copy = tmp_path / "elsewhere"
    shutil.copytree(
        REPOSITORY, copy, ignore=shutil.ignore_patterns(".*", "out", "dist", "__pycache__"), copy_function=shutil.copy
    )
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(copy)]
    subprocess.run(command, check=True, capture_output=True)
    (again,) = tmp_path.glob("*.whl")
    assert again.read_bytes() == wheel.read_bytes()
    (sdist,) = tmp_path.glob("*.tar.gz")
    subprocess.run([*command[:-2], str(tmp_path / "twice"), str(copy), "--sdist"], check=True, capture_output=True)
    assert (tmp_path / "twice" / sdist.name).read_bytes() == sdist.read_bytes()


@pytest.fixture(scope="module")
def place(wheel, tmp_path_factory) -> Path:
    """An environment with the wheel; the libraries are those of this one: what is under test is the wheel."""
    place = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(place)
    install = [sys.executable, "-m", "pip", "--python", place, "--quiet", "--disable-pip-version-check"]
    install += ["install", "--no-deps", "--no-index", "--no-compile", wheel]
    subprocess.run(install, check=True, capture_output=True)
    (site,) = place.glob("lib/python*/site-packages")
    (here,) = {p for p in map(Path, sys.path) if p.name == "site-packages"}
    # A plain .pth would also run the editable install's own hook and find the checkout: link package by package.
    for package in here.iterdir():
        if "strategic_metals" not in package.name and not (site / package.name).exists() and package.suffix != ".pth":
            (site / package.name).symlink_to(package)
    return place


def test_the_main_job_runs_from_the_wheel_in_an_empty_folder(place, tmp_path):
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


def test_two_commands_of_the_wheel_serve_the_portal_in_both_languages(place, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)  # of the tree that is tested
    with serving(tmp_path, TOOLKIT_WEB_DEMO="false") as portal:
        portal.python = str(place / "bin" / "python")
        portal.page = portal.create("Gallium", "2099-12-03T17:00")  # type: ignore[attr-defined]
        portal.start()
        visitor = portal.visitor()
        page = visitor.get(portal.page)  # type: ignore[attr-defined]
        assert (page.status, page.heading) == (200, "Gallium")
        parts = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        assert parts
        assert {part: visitor.get(part).status for part in parts} == dict.fromkeys(parts, 200)
        assert visitor.post("/language", {**visitor.get("/").form("/language"), "language": "de"}).heading == "Webinare"
