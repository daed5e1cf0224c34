import pytest

from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import DataError

GE = Asset(key="germanium", name="Germanium ingot", element="Ge", group="technology_metals")
GEO2 = Asset(key="germanium_oxide", name="Germanium oxide", element="Ge", group="technology_metals")
GOLD = Asset(key="gold", name="Gold bar", element="Au", group="precious_metals")


def test_a_name_means_an_asset_first_and_then_every_product_of_an_element():
    universe = Universe((GE, GOLD, GEO2))
    assert universe.members("germanium") == (0,)
    assert universe.members("Ge") == (0, 2)


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(DataError) as refused:
        Universe((GE, GOLD)).members("germanum")
    assert "'germanium'" in refused.value.hint


def test_the_same_asset_twice_is_refused():
    with pytest.raises(DataError, match="twice"):
        Universe((GE, GE))


def test_take_keeps_the_order_asked_for():
    assert Universe((GE, GOLD, GEO2)).take(["gold", "germanium"]).keys == ("gold", "germanium")


def test_members_are_looked_up_and_not_searched_for():
    """Each of a thousand assets has a limit of its own: to read all of them for each would be a million."""
    reads = 0

    class Counted(Asset):
        def __getattribute__(self, name: str):
            nonlocal reads
            reads += name == "offer_of"
            return super().__getattribute__(name)

    universe = Universe(tuple(Counted(key=f"a{i}", name=f"a{i}") for i in range(300)))
    made = reads
    assert [universe.members(key) for key in universe.keys] == [(i,) for i in range(300)]
    assert reads == made <= 600
