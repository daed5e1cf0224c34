"""Scripts of others that the portal serves itself: `python -m tools.vendor` fetches them with npm and checks their hashes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "toolkit" / "web" / "static" / "web" / "vendor"


def manifest() -> list[dict[str, str]]:
    """The files, with package, version, path in it, licence and SHA-256."""
    return json.loads((FOLDER / "MANIFEST.json").read_text(encoding="utf-8"))


def fetch(entry: dict[str, str]) -> bytes:
    """A file as its package has it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{entry['package']}@{entry['version']}"]
        name = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split()[-1]
        with tarfile.open(Path(folder) / name) as package:
            file = package.extractfile(f"package/{entry['path']}")
            assert file is not None, entry
            return file.read()


def main() -> int:
    for entry in manifest():
        content = fetch(entry)
        found = hashlib.sha256(content).hexdigest()
        if found != entry["sha256"]:
            print(f"{entry['file']}: {found} is not {entry['sha256']}", file=sys.stderr)
            return 1
        (FOLDER / entry["file"]).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
