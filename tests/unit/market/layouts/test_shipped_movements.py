"""Layouts of programs that write movements: a file of each, as that program writes it, is read by its layout and asks nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.holdings_files import NAMES, TODAY
from toolkit.app.holdings.movements import with_stock
from toolkit.market.layouts.layout import shipped
from toolkit.market.readers.holdings.read import parse

PORTFOLIO_PERFORMANCE = """Datum;Typ;Wert;Buchungswährung;Bruttobetrag;Währung Bruttobetrag;Wechselkurs;Gebühren;Steuern;Stück;ISIN;WKN;Ticker-Symbol;Wertpapiername;Notiz
2024-01-15T00:00;Kauf;-1.804,99;EUR;;;;4,99;;10;US78463V1070;A0Q27V;GLD;GLD;
2024-02-01T10:00;Einlieferung;-1.112,40;EUR;1.210,00;USD;1,0900;1,00;;5,5;US78463V1070;A0Q27V;GLD;GLD;
2024-03-15T00:00;Dividende;8,50;EUR;11,55;USD;1,0870;;1,59;15,5;US78463V1070;A0Q27V;GLD;GLD;
2025-02-01T10:00;Auslieferung;200,00;EUR;;;;0,00;0,00;15,5;US78463V1070;A0Q27V;GLD;GLD;
"""
ENGLISH = """Date,Type,Value,Transaction Currency,Gross Amount,Currency Gross Amount,Exchange Rate,Fees,Taxes,Shares,ISIN,WKN,Ticker Symbol,Security Name,Note
2024-01-15T00:00,Buy,"1,804.99",EUR,,,,4.99,0.00,10,US78463V1070,A0Q27V,GLD,GLD,
2024-02-01T10:00,Delivery (Inbound),"1,112.40",EUR,,,,1.00,0.00,5.5,US78463V1070,A0Q27V,GLD,GLD,
2025-02-01T10:00,Sell,"1,095.01",EUR,,,,4.99,100.00,10,US78463V1070,A0Q27V,GLD,GLD,
"""
FLEX = """"ClientAccountID","CurrencyPrimary","AssetClass","Symbol","Description","ISIN","TradeID","TradeDate","SettleDateTarget","TransactionType","Exchange","Quantity","TradePrice","Proceeds","Taxes","IBCommission","NetCash","Buy/Sell","LevelOfDetail"
"U16762989","USD","STK","GLD","SPDR GOLD SHARES","US78463V1070","1001","20240610","20240612","ExchTrade","ARCA","10","214.31","-2143.1","0","-1","-2144.1","BUY","EXECUTION"
"U16762989","USD","STK","GLD","SPDR GOLD SHARES","US78463V1070","1002","20240611","20240613","ExchTrade","ARCA","-4","215.5","862","0","-1.02","860.98","SELL","EXECUTION"
"""
MB51 = """Material\tMaterial Description\tPlnt\tName 1\tSLoc\tMvT\tS\tMat. Doc.\tItem\tPstng Date\tQty in Un. of Entry\tEUn
4711\tGallium ingot\t1000\tWerk 1\tFrankfurt\t561\t\t4900000001\t1\t01/02/2024\t1,250.000\tKG
4711\tGallium ingot\t1000\tWerk 1\tFrankfurt\t101\t\t5000000017\t1\t06/10/2024\t100.000\tKG
4711\tGallium ingot\t1000\tWerk 1\tFrankfurt\t102\t\t5000000018\t1\t06/11/2024\t100.000-\tKG
4711\tGallium ingot\t1000\tWerk 1\tFrankfurt\t261\t\t4900000088\t1\t07/15/2024\t261-\tKG
4711\tGallium ingot\t1000\tWerk 1\tFrankfurt\t311\t\t4900000091\t1\t08/01/2024\t400.000-\tKG
4711\tGallium ingot\t1000\tWerk 1\tHamburg\t311\t\t4900000091\t2\t08/01/2024\t400.000\tKG
"""
INVOICES = """Belegart;Belegnummer;Belegdatum;Bezug auf Rechnung;Lieferant;Artikelbezeichnung;Menge;ME;Einzelpreis;Nettobetrag;Währung;Lagerort
Rechnung;RE-2024-17;10.06.2024;;Muster GmbH;Gallium;10;kg;500,00;5.000,00;EUR;Frankfurt
Rechnung;RE-2024-18;12.06.2024;;Muster GmbH;Germanium;2;kg;1.600,00;3.200,00;EUR;Frankfurt
Gutschrift;GU-2024-3;20.06.2024;RE-2024-17;Muster GmbH;Gallium;-4;kg;500,00;-2.000,00;EUR;Frankfurt
Gutschrift;GU-2024-4;21.06.2024;RE-2024-18;Muster GmbH;Germanium;-2;kg;1.600,00;-3.200,00;EUR;Frankfurt
"""
BILLS = """Document type,Document no,Document date,Original invoice,Supplier,Item description,Quantity,Unit,Unit price,Net amount,Currency
Invoice,INV-17,2024-06-10,,ACME Ltd,Gallium,10,kg,500.00,5000.00,EUR
Credit note,CN-3,2024-06-20,INV-17,ACME Ltd,Gallium,,,,250.00,EUR
"""
FILES = {
    "portfolio-performance-de": (PORTFOLIO_PERFORMANCE, {}, ["buy", "deposit", "income", "withdraw"]),
    "portfolio-performance-en": (ENGLISH, {("GLD", None): ("5.5", "1111.40")}, ["buy", "deposit", "sell"]),
    "interactive-brokers-flex-trades": (FLEX, {("GLD", None): ("6", "1285.86")}, ["buy", "sell"]),
    "sap-mb51-en": (
        MB51,
        {("gallium", "Frankfurt"): ("589", None), ("gallium", "Hamburg"): ("400", None)},
        ["deposit", "deposit", "reversal", "withdraw", "transfer"],
    ),
    "invoices-de": (INVOICES, {("gallium", "Frankfurt"): ("6", "3000.00")}, ["buy", "buy", "reversal", "reversal"]),
    "invoices-en": (BILLS, {("gallium", None): ("10", "4750.00")}, ["buy", "reversal"]),
}


def test_every_layout_of_movements_has_a_file():
    assert {name for name, layout in shipped().items() if layout.of == "movements"} == {*FILES}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_program_is_read_by_its_layout(name, tmp_path):
    text, left, kinds = FILES[name]
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    # Which of several lots a sale took these programs do not say, and MB51 not whether day or month is first.
    answers = {"sale_order": "fifo"} | ({"dates": "month"} if name.startswith("sap") else {})
    read, stock = with_stock(parse(path, names=NAMES, today=TODAY, answers=answers), TODAY, None)
    assert (read.by, list(read.questions), read.faults) == (name, [], [])
    assert [row["kind"] for row in read.rows] == kinds
    found = {(part.asset, part.place): (part.quantity, part.cost) for part in stock.parts}
    assert found == {key: (Decimal(q), cost and Decimal(cost)) for key, (q, cost) in left.items()}
    assert all(one.is_balanced for one in stock.accounts.values())
