"""Settings and where each came from: option > `TOOLKIT_...` environment > `config.toml` in the workspace > shipped default.

Settings hold no model: models are in strategies.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from toolkit.core.countries import Country
from toolkit.core.currencies import Currency
from toolkit.core.decode import Spec, decode, faults_of, raise_faults, read_toml, shown
from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.holdings.holding_period import LEAST_TAX, NAMED, HoldingRule, LotOrder, holding_rule
from toolkit.market.readers.cells import number
from toolkit.records.lists import Setting
from toolkit.records.sources import Owner as OwnedBy


def _money(value: Any) -> Any:
    """A number that the environment, a file or an argument gives as text."""
    try:
        return number("of", value) if isinstance(value, str) else value
    except SpecError as error:
        raise ValueError(error.message.rstrip(".")) from None


def _listed(value: Any) -> Any:
    """Names that the environment gives as one text, with commas between them."""
    return [one for part in value.split(",") if (one := part.strip())] if isinstance(value, str) else value


STORE = "store"
"""The word for the store, as a value of `[data] path` and of `--data`."""


class Owner(Spec):
    """The owner: country of delivery, kind, reporting currency, budget, and order in which lots are sold.

    `kind` is ``private``, ``company`` or ``trust``: the holding periods of tax law are for private persons. `tax_free_after` is
    a period of the owner's own, in years, `tax_rate` what is paid of a gain that is not free, a fraction. `sale_order` is
    ``least_tax`` (what is free of tax, then the highest cost; the oldest where no period is known), ``fifo``, ``lifo``,
    ``highest_cost``, or ``named`` (the lots of `sale_lots`, then the oldest).
    """

    country: Country = "DEU"
    currency: Currency = "EUR"
    budget: Annotated[float, BeforeValidator(_money)] = Field(default=100_000.0, ge=0.01)
    sale_order: Literal["least_tax", "fifo", "lifo", "highest_cost", "named"] = LEAST_TAX
    sale_lots: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    kind: Literal["private", "company", "trust"] = "private"
    tax_free_after: Annotated[int, BeforeValidator(_money)] | None = Field(default=None, ge=1, le=100)
    tax_rate: Annotated[float, BeforeValidator(_money)] | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _lots_where_named(self) -> Owner:
        if bool(self.sale_lots) != (self.sale_order == NAMED):
            raise ValueError(message("names lots in sale_lots, or has another sale_order than {order:s}", order=NAMED))
        return self

    @property
    def lot_order(self) -> LotOrder:
        """The order in which lots are sold."""
        return LotOrder(self.sale_order, self.holding_rule, self.sale_lots)

    @property
    def holding_rule(self) -> HoldingRule | None:
        """The period after which a sale is free of tax; None where none is known."""
        return holding_rule(self.country, self.kind, self.tax_free_after)


def _mirror(address: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/[^\s]*)?", address):
        raise ValueError(message("must be an address as https://mirror.example, not {address:s}", address=shown(address)))
    return address


class Data(Spec):
    """Where data comes from: a folder with a data package, the bundled one, or a store over it.

    `path` ``store`` is the store that a weaker layer names, and the one in the default place where none does.
    `rates` is a file of exchange rates over those of the data, `layout` one that says how files of lots are read,
    `bids` one of what was offered for what is held.
    `mirror` is an address through which sources are reached: ``https://host/path`` is asked for at ``MIRROR/host/path``.
    """

    path: str | None = None
    rates: str | None = None
    layout: str | None = None
    bids: str | None = None
    mirror: Annotated[str, AfterValidator(_mirror)] | None = None


def _language(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", text):
        raise ValueError(message("must be a language such as en, de or pt_BR, not {text:s}", text=shown(text)))
    return text


class Output(Spec):
    """Folder and language of results."""

    folder: str = "out"
    language: Annotated[str, AfterValidator(_language)] = "en"


class Config(Spec):
    """The whole of `config.toml`."""

    owner: Owner = Owner()
    data: Data = Data()
    output: Output = Output()


def keys() -> tuple[str, ...]:
    """The key path of every setting."""
    sections: Mapping[str, type[Spec]] = {"owner": Owner, "data": Data, "output": Output}
    return tuple(f"{section}.{name}" for section, model in sections.items() for name in model.model_fields)


def environment_name(key: str) -> str:
    """The environment variable of a setting: ``owner.currency`` is TOOLKIT_OWNER_CURRENCY."""
    return "TOOLKIT_" + key.replace(".", "_").upper()


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration in force and the origin of each setting.

    `budget_currency` is what the budget is stated in: the reporting currency for one that is given with the command, the
    configured currency for one that is configured beside it, and EUR for the shipped default.
    """

    config: Config
    origins: Mapping[str, str]
    budget_currency: str = "EUR"

    def owned_by(self, owned: OwnedBy) -> Settings:
        """The same settings for the owner of a stored run."""
        owner = self.config.owner.model_copy(update=owned.model_dump())
        return Settings(self.config.model_copy(update={"owner": owner}), self.origins, self.budget_currency)

    def rows(self) -> tuple[Setting, ...]:
        """Every setting, in the order of the file."""
        values = _flat(self.config.model_dump(mode="json"))
        told = {key: ", ".join(value) if isinstance(value, list) else value for key, value in values.items()}
        return tuple(Setting(key=key, value=told[key], origin=self.origins[key]) for key in keys())


def resolve(options: Mapping[str, Any], *, file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from all four layers.

    Args:
        options: Key path -> value of the options that were given.
        file: `--config`; default `config.toml` in the working folder, where there is one.
        environment: Default: the process environment.

    Raises:
        SpecError: for an unreadable file, an unknown key or a bad value, with the layer it came from.
    """
    environment = os.environ if environment is None else environment
    path = file or Path("config.toml")
    layers: list[tuple[str, dict[str, Any]]] = []
    if file is not None or path.is_file():
        data = read_toml(path)
        decode(Config, data, file=path.name)
        layers.append((path.name, _flat(data)))
    given = {key: environment[environment_name(key)] for key in keys() if environment_name(key) in environment}
    layers += [("environment", given), ("option", {key: value for key, value in options.items() if value is not None})]
    values: dict[str, Any] = {}
    origins = dict.fromkeys(keys(), "shipped default")
    for origin, given in layers:
        for key, value in given.items():
            if key == "data.path" and value == STORE and _may_be_store(values.get(key)):
                continue
            values[key] = value
            origins[key] = f"environment {environment_name(key)}" if origin == "environment" else origin
    merged: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        merged.setdefault(section, {})[name] = value
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        faults = faults_of(error, Config, "")
        for fault in faults:
            fault["key"] += f" (from {origins.get(fault['key'], 'settings')})"
        raise_faults(faults, "settings")
        raise
    return Settings(config, origins, _budget_currency(config, origins, layers))


def _may_be_store(path: object) -> bool:
    """Whether a value of `[data] path` names a folder that is no data package."""
    return isinstance(path, str) and not (Path(path) / "datapackage.json").exists()


def _flat(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Key path -> value."""
    return {f"{section}.{name}": value for section, table in tables.items() for name, value in table.items()}


def _budget_currency(config: Config, origins: Mapping[str, str], layers: list[tuple[str, dict[str, Any]]]) -> str:
    if origins["owner.budget"] == "option":
        return config.owner.currency
    configured = [given["owner.currency"] for origin, given in layers if origin != "option" and "owner.currency" in given]
    if origins["owner.budget"] == "shipped default" or not configured:
        return Owner().currency
    return Owner.model_validate({"currency": configured[-1]}).currency
