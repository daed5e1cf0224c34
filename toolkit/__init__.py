"""Portfolio and tangible-asset analysis for strategic metals.

The sentence of the design: a `Market` (prices, supply, controls: each row dated twice) and a `Strategy` (a TOML file or an
object) go in; `factors` makes a `Forecast`, `optimize` an `Allocation`; `report` shows it. All of that is pure. Files, clocks
and the terminal exist only at the rim: `data`, `app`, `cli`.

The Python API (docs/api.md) is loaded when one of its names is first asked for.
"""

import gc
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.api import *  # noqa: F403

__version__ = "0.1.0"
_FUNCTIONS = frozenset({"backtest", "controls", "cover", "exposure", "frontier", "optimize", "performance"})
"""Names of the API that subpackages have too."""


class _Package(ModuleType):
    """The package as a module whose names are those of the API.

    Importing `toolkit.optimize.allocate` would set the attribute `optimize` to the subpackage, and hide the function.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _FUNCTIONS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, (self.__name__,)  # as of any module, for what runs functions in other processes

    def __dir__(self) -> list[str]:
        return sorted({*_names(), "__version__"})


def _names() -> dict[str, Any]:
    """What the API offers by name: all that it imports, and every model of the language that the folders hold."""
    collects = gc.isenabled()
    gc.disable()  # what an import makes stays: to search it for circles takes a tenth of a second
    try:
        api = import_module("toolkit.api")
    finally:
        if collects:
            gc.enable()
    public = {name: value for name, value in vars(api).items() if not (name.startswith("_") or isinstance(value, ModuleType))}
    return {**api.terms(), **public}


if not TYPE_CHECKING:  # a type checker knows every name, and is to say so where one is wrong

    def __getattr__(name: str) -> Any:
        told = f"module {__name__!r} has no attribute {name!r}"
        if not name.startswith("_"):  # what begins so the machinery of imports asks for
            if name in (names := _names()):
                setattr(sys.modules[__name__], name, names[name])  # once: the language is read from folders
                return names[name]
            near = import_module("toolkit.core.errors").nearest(name, names)
            told += f". Did you mean {' or '.join(near)}?" if near else ""
        raise AttributeError(told)


sys.modules[__name__].__class__ = _Package
