"""An offer that is over is told where a lot is valued at it, whatever other warnings stand before it."""

from __future__ import annotations

from tests.lots import HEADER, TWELVE
from toolkit.cli.main import run

OFFERS = "Metal,Price,Currency,Unit,Date,Valid until\nGallium,1480,USD,kg,2026-11-20,2026-11-23\n"


def test_a_lot_at_the_price_of_an_offer_that_is_over_has_a_warning(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lots.csv").write_text("\n".join([HEADER, *TWELVE]), encoding="utf-8")
    (tmp_path / "offers.csv").write_text(OFFERS, encoding="utf-8")
    assert run(["exposure", "lots.csv", "--prices", "offers.csv", "--as-of", "2026-11-24"]) in (0, None)
    told = capsys.readouterr().err
    assert "offers that are no longer valid: Gallium (2026-11-23)" in told
