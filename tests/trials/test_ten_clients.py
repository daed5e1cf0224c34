"""An advisor with ten clients: ten files as ten people keep them, and one question to each.

Whatever the shape of a file, the masses, the prices paid and the place of every lot are those that a person reads in it; they are
written here by hand. Two clients get a question instead of an answer, and the answer after they have answered it.
"""

from __future__ import annotations

import pytest

from tests.trials.conftest import confirm

OZT = 0.0311034768

CLIENTS = {
    "plain": (
        "asset,quantity\ngallium,5\nWolfram,100\n",
        {"gallium": 5.0, "tungsten": 100.0},
        {},
        {},
    ),
    "excel": (
        "sep=;\r\nMetall;Menge in g;Kaufpreis €/g;Lagerort\r\nGa;2.500,0;0,48;Duisburg\r\nRe;500,5;1,70;Zürich\r\n;;;\r\n",
        {"gallium": 2.5, "rhenium": 0.5005},
        {"gallium": 2500 * 0.48, "rhenium": 500.5 * 1.70},
        {"gallium": "DEU", "rhenium": "CHE"},
    ),
    "english": (
        """Product,Weight,Unit,Bought on,Cost per kg,Currency,Stored in
Gallium ingot,"1,250.5",g,2024-11-05,480,EUR,Rotterdam
Hafnium crystal bar,3,kg,2025-02-01,"3,400.00",EUR,Singapore
""",
        {"gallium": 1.2505, "hafnium": 3.0},
        {"gallium": 1.2505 * 480, "hafnium": 3 * 3400.0},
        {"gallium": "NLD", "hafnium": "SGP"},
    ),
    "totals": (
        "Lot;Metal;Qty;Unit;Total price EUR;Warehouse\nA;Germanium;2,5;kg;8500;Hongkong\nB;Germanium;1,5;kg;5100,50;Frankfurt\nTotal;;4;;;\n",
        {"germanium": 4.0},
        {"germanium": 8500 + 5100.5},
        {"A": "HKG", "B": "DEU"},
    ),
    "ounces": (
        "metal\tquantity\tunit\tprice\tcurrency\nGold\t10\toz\t$1,950.00\t\nSilber\t500\tFeinunzen\t24.5\tUSD\n",
        {"gold": 10 * OZT, "silver": 500 * OZT},
        None,  # dollars: converted at a rate that this story does not recompute
        {},
    ),
    "pounds": (
        "asset,quantity,unit\nSb,2204.6226,lb\nBi,1,t\n",
        {"antimony": 2204.6226 * 0.45359237, "bismuth": 1000.0},
        {},
        {},
    ),
    "comments": (
        "# my metals\n#\nasset,quantity,location\n# sold: indium,5,Hamburg\nindium,12,Hamburg\n",
        {"indium": 12.0},
        {},
        {"indium": "DEU"},
    ),
    "oxides": (
        "Artikel;Anzahl;Einheit\nNeodymoxid;40;kg\nDysprosium;3;kg\nTerbium oxide;0,5;kg\n",
        {"neodymium": 40.0, "dysprosium": 3.0, "terbium": 0.5},
        {},
        {},
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_each_file_is_read_as_its_owner_means_it(ask, tmp_path, client):
    text, masses, paid, places = CLIENTS[client]
    (tmp_path / "c.csv").write_bytes(text.encode("utf-8"))
    code, record = ask("exposure", "c.csv")
    if code and client == "ounces":  # a price may be today's
        confirm(ask, "c.csv")
        code, record = ask("exposure", "c.csv")
    assert code == 0, record
    found: dict[str, float] = {}
    for lot in record["lots"]:
        found[lot["asset"]] = found.get(lot["asset"], 0.0) + lot["mass"]
    assert found == pytest.approx(masses, rel=1e-9)
    if paid is not None:
        cost: dict[str, float] = {}
        for lot, bought in zip(record["lots"], record["purchases"], strict=True):
            if bought["cost"] is not None:
                cost[lot["asset"]] = cost.get(lot["asset"], 0.0) + bought["cost"]
        assert cost == pytest.approx(paid, rel=1e-9)
    for lot in record["lots"]:
        expected = places.get(lot["lot_id"], places.get(lot["asset"]))
        assert lot["place"] == expected
        # No origin is named in these files: what may be from China is safe only where it is understood to lie outside.
        if expected in (None, "HKG", "CHN"):
            assert lot["delivery"] != "stored_safe"
        else:
            assert lot["delivery"] == "stored_safe"
    price = {entry["asset"]: entry["price"] for entry in record["prices"]}
    assert record["value"] == pytest.approx(sum(price[asset] * mass for asset, mass in masses.items()), rel=1e-9)


def test_the_ninth_client_is_asked_what_a_number_means(ask, tmp_path):
    (tmp_path / "c.csv").write_text("asset,quantity,unit\ngallium,1.250,g\nindium,2.500,g\n", encoding="utf-8")
    code, record = ask("exposure", "c.csv")
    assert code == 3
    (question,) = record["error"]["details"]["questions"]
    assert question["name"] == "decimal"
    assert "1.25 or 1250" in record["error"]["message"]
    (tmp_path / "c.csv").write_text("asset,quantity,unit\ngallium,1250,g\nindium,2500,g\n", encoding="utf-8")
    code, record = ask("exposure", "c.csv")
    assert code == 0
    assert [lot["mass"] for lot in record["lots"]] == pytest.approx([1.25, 2.5])


def test_the_tenth_client_gets_all_his_faults_and_questions_at_once(ask, tmp_path):
    (tmp_path / "c.csv").write_text(
        "Metall;Menge;Einheit;Herkunft;Kaufdatum;Status\n"
        "Galium;5;kg;CN;05.11.2024;gelagert\n"
        "Germanium;2;Pfund;CHI;32.01.2025;gelagert\n"
        "Gold;3;g;Schweiz;01.02.2025;verlegt\n",
        encoding="utf-8",
    )
    code, record = ask("holdings", "check", "c.csv")
    assert code == 3
    assert {(fault["row"], fault["column"]) for fault in record["faults"]} == {
        (2, "asset"), (3, "unit"), (3, "origin_country"), (3, "purchase_date"),
    }  # fmt: skip
    assert "'verlegt'" in record["error"]["message"]


def test_a_client_with_shares_beside_metal(ask, tmp_path):
    (tmp_path / "c.csv").write_text(
        "asset,quantity,purchase_price,currency\nGLD,20,150,EUR\nGallium,5,480,EUR\n", encoding="utf-8"
    )
    code, record = ask("exposure", "c.csv")
    assert code == 3
    assert "--prices" in record["error"]["hint"]
    (tmp_path / "etf.csv").write_text("date,GLD\n2026-09-30,170\n2026-10-30,175.5\n", encoding="utf-8")
    code, record = ask("exposure", "c.csv", "--prices", "etf.csv", "--prices-currency", "EUR")
    assert code == 0
    assert [(lot["asset"], lot["value"], lot["cost"]) for lot in record["instruments"]] == [("GLD", 20 * 175.5, 20 * 150.0)]
    assert [lot["asset"] for lot in record["lots"]] == ["gallium"]
    assert any("not in the ledger's scope" in note for note in record["notes"])
