"""Extensions are found in the modules of a package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from toolkit.core.discovery import models_by_kind, union_of_kinds, values_by_name


class Base(BaseModel):
    kind: str


class Value:
    def __init__(self, name: str) -> None:
        self.name = name


MODEL = """
from typing import Literal
from {test} import Base

class {name}(Base):
    kind: Literal["{kind}"] = "{kind}"
    {method}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """An empty package of its own, below a name that no other test imports."""
    name = f"found_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield name, folder
    for module in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[module]


def model(name: str, kind: str, method: str = "pass") -> str:
    return MODEL.format(test=__name__, name=name, kind=kind, method=method)


def test_models_of_every_module_are_known_by_their_kind_in_order(package):
    name, folder = package
    (folder / "b.py").write_text(model("Zinc", "zinc", "def solve(self): ..."))
    (folder / "a.py").write_text(model("Tin", "tin") + f"\nfrom {name}.b import Zinc\nclass Middle(Base): pass\nnumber = 1\n")
    assert {kind: one.__name__ for kind, one in models_by_kind(name, Base).items()} == {"tin": "Tin", "zinc": "Zinc"}
    assert list(models_by_kind(name, Base)) == ["tin", "zinc"]
    assert list(models_by_kind(name, Base, "solve")) == ["zinc"]
    with pytest.raises(TypeError):
        models_by_kind(name, Base)["iron"] = Base


def test_a_folder_that_is_appended_is_looked_into(package, tmp_path):
    name, folder = package
    (folder / "a.py").write_text(model("Tin", "tin"))
    assert list(models_by_kind(name, Base)) == ["tin"]
    own = tmp_path / "own"
    own.mkdir()
    (own / "c.py").write_text(model("Lead", "lead"))
    sys.modules[name].__path__.append(str(own))
    assert list(models_by_kind(name, Base)) == ["lead", "tin"]


def test_two_models_of_one_kind_are_refused(package):
    name, folder = package
    (folder / "a.py").write_text(model("Tin", "tin"))
    (folder / "b.py").write_text(model("Other", "tin"))
    with pytest.raises(TypeError, match=rf"^two models of {name} are of kind 'tin': Tin and Other$"):
        models_by_kind(name, Base)


def test_a_field_takes_the_model_of_its_kind(package):
    name, folder = package
    (folder / "a.py").write_text(model("Tin", "tin", "def solve(self): ..."))
    (folder / "b.py").write_text(model("Zinc", "zinc", "def solve(self): ..."))
    field = TypeAdapter(union_of_kinds(name, Base, "solve"))
    assert type(field.validate_python({"kind": "zinc"})).__name__ == "Zinc"
    with pytest.raises(ValidationError, match="'tin', 'zinc'"):
        field.validate_python({"kind": "iron"})


def test_values_are_known_by_their_name_in_the_order_of_their_packages(package):
    name, folder = package
    (folder / "a.py").write_text(f"from {__name__} import Value\nfirst = Value('z')\nother = 3\n")
    (folder / "b.py").write_text(f"from {__name__} import Value\nfrom {name}.a import first\nsecond = Value('a')\n")
    assert list(values_by_name((name,), Value)) == ["z", "a"]
    (folder / "c.py").write_text(f"from {__name__} import Value\nthird = Value('z')\n")
    values_by_name.cache_clear()
    with pytest.raises(TypeError, match=rf"^two values of {name} are named 'z'$"):
        values_by_name((name,), Value)
