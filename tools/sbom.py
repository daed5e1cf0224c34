"""Parts of a release and their licences: `python -m tools.sbom` writes `sbom.cdx.json` (CycloneDX), which the wheel carries.

The parts are what `toolkit` and its extras install at the pinned versions, on the Python and the system that this runs on,
and the scripts of others that the portal serves. `make lock` runs it, in an environment with all extras.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.vendor import FOLDER, manifest

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "sbom.cdx.json"
READ = {
    "dataframely": "BSD-3-Clause",
    "partd": "BSD-3-Clause",
    "peewee": "MIT",
    "piqp": "BSD-2-Clause",
    "protobuf": "BSD-3-Clause",
    "pyphen": "GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1",
    "qdldl": "Apache-2.0",
    "qrcode": "BSD-3-Clause",
}
"""Licences of packages whose metadata names none or an unclear one, read in the LICENSE that they carry."""
KEPT = ("bom-ref", "name", "version", "purl", "type", "licenses", "hashes")
"""What is kept of a part: texts and addresses of its maker change without a new version."""


def installed() -> dict[str, set[str]]:
    """Packages that a user gets, and the extras that bring them, `""` for what everybody gets.

    Raises:
        PackageNotFoundError: One of them is not installed here.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: dict[str, set[str]] = {}
    for extra, requirements in {"": project["dependencies"], **project["optional-dependencies"]}.items():
        waiting, seen = [Requirement(text) for text in requirements], set[tuple[str, str]]()
        while waiting:
            wanted = waiting.pop()
            for asked in ("", *wanted.extras):
                if (wanted.name, asked) in seen:
                    continue
                seen.add((wanted.name, asked))
                found.setdefault(canonicalize_name(wanted.name), set()).add(extra)
                needs = [Requirement(text) for text in distribution(wanted.name).requires or ()]
                waiting += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": asked})]
    return found


def parts() -> list[dict[str, Any]]:
    """Components of the file as it lies here."""
    return json.loads(FILE.read_text(encoding="utf-8"))["components"]


def licence(part: dict[str, Any]) -> str:
    """The licence of a part: an expression of SPDX, or where its maker gives none, the name in its classifiers."""
    entries = [entry["license"] for entry in part["licenses"] if "license" in entry]
    told = [entry["expression"] for entry in part["licenses"] if "expression" in entry]
    told = told or [entry["id"] for entry in entries if "id" in entry] or [entry["name"].split(" :: ")[-1] for entry in entries]
    return " OR ".join(sorted(told))


def size(name: str) -> int:
    """Bytes that an installed package takes, without what Python compiles of it."""
    return sum(file.size or 0 for file in distribution(name).files or ())


def told(part: dict[str, Any], name: str) -> str:
    """What a part says of itself: ``extras`` that bring it, none for what everybody gets, or ``bytes``."""
    return next(one["value"] for one in part["properties"] if one["name"] == f"toolkit:{name}")


def _properties(extras: set[str], size: int) -> dict[str, Any]:
    values = {"extras": "" if "" in extras else ", ".join(sorted(extras)), "bytes": str(size)}
    return {"properties": [{"name": f"toolkit:{name}", "value": value} for name, value in values.items()]}


def main() -> int:
    users = installed()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "all.json"
        command = ["uvx", "--quiet", "--from", "cyclonedx-bom", "cyclonedx-py", "environment", "--short-PURLs"]
        command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library", "--output-reproducible"]
        subprocess.run([*command, "--output-file", str(raw), sys.executable], check=True)
        found = json.loads(raw.read_text(encoding="utf-8"))
    components, unknown = [], []
    for part in found["components"]:
        name = canonicalize_name(part["name"])
        if name not in users:
            continue
        if name in READ:
            part["licenses"] = [{"expression": READ[name], "acknowledgement": "concluded"}]
        if "licenses" not in part:
            unknown.append(part["name"])
        for entry in part.get("licenses", ()):
            entry.get("license", {}).pop("text", None)
        components.append({key: part[key] for key in KEPT if key in part} | _properties(users[name], size(name)))
    if unknown:
        print(f"These name no licence; read it, and say it in READ: {', '.join(unknown)}", file=sys.stderr)
        return 1
    components += [
        {
            "bom-ref": f"{script['package']}=={script['version']}",
            "name": script["package"],
            "version": script["version"],
            "purl": f"pkg:npm/{script['package']}@{script['version']}",
            "type": "file",
            "licenses": [{"license": {"id": script["licence"], "acknowledgement": "declared"}}],
            "hashes": [{"alg": "SHA-256", "content": script["sha256"]}],
            **_properties({"web"}, (FOLDER / script["file"]).stat().st_size),
        }
        for script in manifest()
    ]
    kept = {part["bom-ref"] for part in components}
    found["components"] = components
    found["dependencies"] = [
        {"ref": row["ref"], "dependsOn": [name for name in row.get("dependsOn", []) if name in kept]}
        for row in found["dependencies"]
        if row["ref"] in kept or row["ref"] == found["metadata"]["component"]["bom-ref"]
    ]
    del found["metadata"]["tools"]
    FILE.write_text(f"{json.dumps(found, indent=1, sort_keys=True)}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
