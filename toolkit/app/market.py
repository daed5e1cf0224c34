"""The market that the settings ask for: the bundled data package or the user's own folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolkit.app.config import Settings
from toolkit.core.errors import DataError
from toolkit.core.market import Market
from toolkit.data.package import bundled_folder, descriptor, load_market


@dataclass(frozen=True, slots=True)
class Package:
    """A loaded data package: its folder, its market, and the known weaknesses of each table."""

    folder: Path
    market: Market
    weaknesses: Mapping[str, list[str]]


def package_folder(settings: Settings) -> Path:
    """The folder of the data package in force.

    Raises:
        DataError: when the configured folder does not exist.
    """
    path = settings.config.data.path
    folder = bundled_folder() if path is None else Path(path)
    if not folder.is_dir():
        raise DataError(f"data folder {folder} does not exist.", hint="Name a data package, or leave --data out.")
    return folder


def load(settings: Settings) -> Package:
    """The data package in force.

    Raises:
        DataError: when it is missing or unreadable.
    """
    folder = package_folder(settings)
    resources = descriptor(folder).get("resources", [])
    return Package(folder, load_market(folder), {r["name"]: r.get("weaknesses", []) for r in resources})
