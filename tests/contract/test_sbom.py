"""The bill of materials of a release is that of the pinned packages, and names the licence of each."""

from __future__ import annotations

import json
import re

import pytest
from packaging.utils import canonicalize_name

from tools.sbom import FILE, ROOT, licence, parts
from tools.vendor import manifest

LOCKS = [(ROOT / name).read_text("utf-8") for name in ("requirements.txt", ".ci/pdf.txt")]
PINNED = set(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", "\n".join(LOCKS), re.MULTILINE))
KNOWN = r"\b(MIT|MIT-0|MIT-CMU|0?BSD|BSD-\d-Clause|Apache|Apache-2\.0|ISC|NCSA|PSF-2\.0|MPL-2\.0|MPL-1\.1|LGPL-3\.0-only|Unlicense)\b"


def test_each_part_has_a_pinned_version_and_a_licence():
    wrong = [part["name"] for part in parts() if not re.search(KNOWN, licence(part))]
    assert wrong == []
    libraries = {(canonicalize_name(part["name"]), part["version"]) for part in parts() if part["type"] == "library"}
    assert libraries <= PINNED


def test_what_everybody_gets_and_each_extra_is_in_it():
    pytest.importorskip("weasyprint")
    from tools.sbom import installed

    names = {canonicalize_name(part["name"]) for part in parts()}
    assert set(installed()) <= names
    scripts = {(s["package"], s["version"], s["sha256"]) for s in manifest()}
    listed = {(part["name"], part["version"], part["hashes"][0]["content"]) for part in parts() if part["type"] == "file"}
    assert listed == scripts


def test_it_can_be_made_again_and_names_no_address():
    text = FILE.read_text("utf-8")
    assert "://" not in text.replace(json.loads(text)["$schema"], "")
    assert not {"serialNumber", "timestamp"} & (json.loads(text).keys() | json.loads(text)["metadata"].keys())


def test_a_list_with_hashes_is_installed_as_it_stands():
    """Resolved again, an extra (fonttools[woff]) takes the newest release, which has no hash in the list."""
    lines = [
        line for name in (".ci/run", "Makefile", "Containerfile") for line in (ROOT / name).read_text("utf-8").splitlines()
    ]
    hashed = [line for line in lines if "--require-hashes" in line]
    assert len(hashed) >= 4
    assert [line for line in hashed if "--no-deps" not in line] == []
