"""The records whose JSON schema is published."""

import importlib
import pkgutil
from functools import cache

from toolkit import records
from toolkit.records.base import Record


@cache
def published() -> dict[str, type[Record]]:
    """Record by the name of its schema, in `docs/schema/`; `TypeError` for two of one name."""
    found: dict[str, type[Record]] = {}
    for info in pkgutil.walk_packages(records.__path__, "toolkit.records."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Record) and value.schema_name and value.__module__ == info.name:
                if value.schema_name in found:
                    raise TypeError(f"two records are published as {value.schema_name!r}")
                found[value.schema_name] = value
    return found
