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


def test_what_is_metal_by_its_element_or_its_unit_is_physical():
    assert [one.is_physical for one in (GE, Asset("x", "x", unit="kg"), Asset("x", "x"), Asset("x", "x", element="Ga"))] == [
        True, True, False, True,
    ]  # fmt: skip


def test_of_an_unknown_asset_only_a_price_is_known():
    share, metal = Asset.unknown("MP"), Asset.unknown("scandium", "kg")
    assert (share.key, share.name, share.unit, share.lot_size, share.terms) == ("MP", "MP", "unit", 1.0, "unknown")
    assert (metal.unit, metal.lot_size, metal.element, metal.group) == ("kg", None, None, "other")
    assert Asset.unknown("MP") is share


def test_a_row_gives_what_it_says_and_leaves_the_defaults():
    row = {
        "asset": "gallium",
        "name": "Gallium ingot",
        "unit": "kg",
        "spread": 0.1,
        "fee": None,
        "minimum_lots": None,
        "note": "x",
    }
    assert Asset.from_row(row) == Asset("gallium", "Gallium ingot", unit="kg", spread=0.1)


class TestUniverse:
    offer = Asset("germanium@CAN", "Germanium, Canada", "Ge", group="technology_metals", offer_of="germanium", origin="CAN")
    own = Asset("fund", "A fund", group="mine")
    universe = Universe((GE, GOLD, offer, own, GEO2))

    def test_an_offer_of_a_product_is_meant_with_it(self):
        assert self.universe.members("germanium") == (0, 2)
        assert self.universe.members("germanium@CAN") == (2,)
        assert self.universe.members("Ge") == (0, 2, 4)
        assert Universe((GOLD, self.offer)).members("germanium") == (1,)
        alone = Asset("tin", "Tin", offer_of="tin")
        assert Universe((alone,)).members("tin") == (0,)

    def test_groups_elements_and_names_stand_in_their_order(self):
        assert self.universe.groups == ("technology_metals", "precious_metals", "mine")
        assert self.universe.elements == ("Ge", "Au")
        assert self.universe.names == {"germanium", "Ge", "gold", "Au", "germanium@CAN", "fund", "germanium_oxide"}

    def test_it_is_a_sequence_by_key(self):
        assert (len(self.universe), [one.key for one in self.universe]) == (5, list(self.universe.keys))
        assert "gold" in self.universe
        assert "Au" not in self.universe
        assert self.universe["fund"] is self.own
        assert hash(self.universe) == hash(Universe(self.universe.assets))
        assert self.universe.take(self.universe.keys) is self.universe

    def test_an_unknown_key_names_the_nearest_and_itself(self):
        with pytest.raises(DataError, match="unknown asset 'golf'") as refused:
            _ = self.universe["golf"]
        assert "'gold'" in refused.value.hint
        assert refused.value.details == {"asset": "golf"}

    def test_a_name_of_nothing_is_refused_with_what_may_be_written(self):
        for name, nearest in (("germaniun", "'germanium'"), ("ranks", "'rank'"), ("Gex", "'Ge'")):
            with pytest.raises(DataError, match=f"'{name}' is neither an asset nor an element here") as refused:
                self.universe.members(name, also=["rank"])
            assert nearest in refused.value.hint

    def test_what_occurs_twice_is_named_once_and_sorted(self):
        with pytest.raises(DataError, match="twice in the universe: germanium, gold"):
            Universe((GOLD, GE, GE, GOLD, self.own))
