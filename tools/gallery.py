"""Write docs/gallery/: each report of the repository as a picture, and docs/gallery.md that shows them: `make gallery`.

Needs Chromium. The reports are those of the bundled data on one date; the holdings are those of docs/gallery/holdings.csv.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from toolkit.app.report.pdf import browser

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "gallery"
AS_OF = "2026-11-24"
CONFLICT = "constraint.any metal.upper=0.01"


@dataclass(frozen=True)
class Shown:
    """A report of the gallery: its file, what it is, the command that makes it, and how it is looked at."""

    file: str
    title: str
    command: tuple[str, ...]
    width: int = 1280
    height: int = 2000
    dark: bool = False


REPORTS = (
    Shown("allocation", "A proposal", ("report", "last")),
    Shown("allocation-de", "The same for a German client", ("report", "last", "--lang", "de")),
    Shown("allocation-phone", "On a phone, in the dark", ("report", "last"), 390, 2400, dark=True),
    Shown("exposure", "What one holds", ("report", "docs/gallery/holdings.csv", "--as-of", AS_OF)),
    Shown("webinar", "For a webinar", ("report", "last", "--report", "webinar"), height=720),
    Shown("market-brief", "What changed since last month", ("report", "--as-of", AS_OF)),
    Shown("conflict", "Limits that contradict each other", ("optimize", "--as-of", AS_OF, "--set", CONFLICT)),
)


def picture(page: Path, image: Path, shown: Shown, profile: Path) -> None:
    """A screenshot of the top of a page."""
    found = browser(os.environ)
    if found is None:
        raise SystemExit("no Chromium is on the PATH: apt install chromium")
    dark = ["--blink-settings=preferredColorScheme=0"] if shown.dark else []
    flags = (
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
        "--disable-component-update", "--hide-scrollbars",
    )  # fmt: skip
    size = f"--window-size={shown.width},{shown.height}"
    command = [found, *flags, f"--user-data-dir={profile}", size, *dark, f"--screenshot={image}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True)


def toolkit(*arguments: str, out: Path) -> None:
    """Run the command line; a conflict is an answer too."""
    done = subprocess.run(
        [sys.executable, "-m", "toolkit", *arguments, "--out", str(out), "--quiet"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "TOOLKIT_CACHE": str(out / "cache")},
    )  # fmt: skip
    if done.returncode not in (0, 5):
        raise SystemExit(done.stderr)


def newest(folder: Path) -> Path:
    """The page that was written last."""
    return max(folder.rglob("*.html"), key=lambda page: page.stat().st_mtime_ns)


def written(command: tuple[str, ...]) -> str:
    """A command as one types it."""
    return "toolkit " + " ".join(f'"{word}"' if " " in word else word for word in command)


def main() -> None:
    lines = [
        "# Gallery", "",
        f"Reports on the bundled data of {AS_OF}, after `toolkit optimize --as-of {AS_OF}`. `make gallery` makes the pictures",
        "again; each report is one HTML file, of which the top is shown.", "",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        toolkit("optimize", "--as-of", AS_OF, out=folder)
        for shown in REPORTS:
            toolkit(*shown.command, out=folder)
            picture(newest(folder), FOLDER / f"{shown.file}.png", shown, folder / "profile")
            image = f"![{shown.title}](gallery/{shown.file}.png)"
            lines += [f"## {shown.title}", "", "```sh", written(shown.command), "```", "", image, ""]
    (ROOT / "docs" / "gallery.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
