"""Where data is: the data package in force, and the store over it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
from platformdirs import user_data_path

from toolkit.app.config import STORE, Settings
from toolkit.core.errors import DataError, SpecError
from toolkit.core.messages import message
from toolkit.market.market import Market, Source
from toolkit.market.package import bundled_folder, bundled_market, load_market

_HEAD = "store.json"  # the rest of the store is imported where one is in use


def _folder(path: str) -> Path:
    """A folder that the settings name.

    Raises:
        SpecError: for an address: what is committed is what `store.json` names, and a bucket cannot replace it under a lock.
    """
    if "://" in path:
        hint = message(
            "Name a folder of a local disk. Files at an address are read by `toolkit data fetch files --series ADDRESS`."
        )
        raise SpecError(
            "{path:s} is no folder: a store needs a lock and atomic renames, which a bucket does not have.",
            hint=hint,
            path=str(path),
        )
    return Path(path)


def default_store() -> Path:
    """The place of the store where nothing else is named: the folder of the system for data of a user."""
    return user_data_path("toolkit", appauthor=False) / STORE


def package_folder(settings: Settings) -> Path:
    """The folder of the data package in force; a store is over the bundled one.

    Raises:
        DataError: when the configured folder does not exist.
    """
    path = settings.config.data.path
    if path is None or store_in_use(settings) is not None:
        return bundled_folder()
    folder = _folder(path)
    if not folder.is_dir():
        raise DataError(
            "data folder {folder:s} does not exist.", hint="Name a data package, or leave --data out.", folder=str(folder)
        )
    return folder


def store_in_use(settings: Settings) -> Path | None:
    """The folder of the store that the settings name; None where they name a data package or nothing.

    Raises:
        DataError: where they name the default store, and there is none.
    """
    path = settings.config.data.path
    if path is None:
        return None
    folder = default_store() if path == STORE else _folder(path)
    if (folder / _HEAD).is_file():
        return folder
    if path == STORE:
        hint = message("Make one with `toolkit data fetch` or `toolkit data import`.")
        raise DataError("there is no store at {folder:s}.", hint=hint, details={"folder": str(folder)}, folder=str(folder))
    return None


def store_to_write(settings: Settings) -> Path:
    """The folder of the store that is written: the one that the settings name, there or not; else the default one.

    Raises:
        SpecError: where they name a data package.
    """
    path = settings.config.data.path
    folder = default_store() if path in (None, STORE) else _folder(path)
    if (folder / "datapackage.json").exists():
        raise SpecError(
            "{folder:s} is a data package, and no store.",
            hint="Name a store with --data, or leave --data out.",
            folder=str(folder),
        )
    return folder


def load_data(settings: Settings) -> Market:
    """The market of the data package in force, with the store and own exchange rates over it where the settings name them.

    Raises:
        DataError, FrameError: for a package, a store or a file of rates that cannot be used.
    """
    market, rates = _stored(settings), settings.config.data.rates
    if rates is None:
        return market
    from toolkit.market.own_rates import OWN_RATES, read_rates  # noqa: PLC0415  # few have any

    own, known = read_rates(rates), market.until(date.max)["fx"]
    merged = pl.concat([known.join(own, on=["date", "base", "quote"], how="anti"), own.select(known.columns)])
    source = Source(OWN_RATES, f"{Path(rates).name} (own exchange rates)", "your own", own=True)
    return market.replace("fx", merged.sort("quote", "date"), {OWN_RATES: source})


def _stored(settings: Settings) -> Market:
    package, folder = package_folder(settings), store_in_use(settings)
    market = bundled_market() if package == bundled_folder() else load_market(package)
    if folder is None:
        return market
    from toolkit.market.store.merge import with_store  # noqa: PLC0415  # where one is in use
    from toolkit.market.store.store import Store  # noqa: PLC0415

    return with_store(market, Store.open(folder))
