"""Drawings on disk: made once, made again when broken or when the charts change, and never a reason to fail."""

from __future__ import annotations

import pytest

from toolkit.app.report import drawings
from toolkit.report.charts.draw import SIGNATURE, bitmap, drawn
from toolkit.report.charts.theme import TOKENS, layer, specification
from toolkit.report.document import Drawing
from toolkit.report.i18n.formats import Formats


def bars(width: int) -> str:
    layers = [layer("bar", [{"a": 1}], {"x": "a:Q"}, color=TOKENS["data"])]
    return specification(layers, Formats(), width=width, height=30)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(drawings.VARIABLE, str(tmp_path))
    return tmp_path / "drawings"


def test_a_drawing_is_made_once(place):
    svg = drawings.kept_drawing(Drawing(bars, (200,)))
    assert svg == drawn(Drawing(bars, (200,)))
    (file,) = place.iterdir()
    file.write_text(svg.replace("</svg>", "<g/></svg>"), encoding="utf-8")
    assert "<g/>" in drawings.kept_drawing(Drawing(bars, (200,)))
    assert "<g/>" not in drawings.kept_drawing(Drawing(bars, (201,)))


@pytest.mark.parametrize("broken", [b"", b"<svg>cut", b"\xff\xfe"])
def test_a_file_that_was_cut_off_is_made_again(place, broken):
    svg = drawings.kept_drawing(Drawing(bars, (200,)))
    (file,) = place.iterdir()
    file.write_bytes(broken)
    assert drawings.kept_drawing(Drawing(bars, (200,))) == svg
    assert file.read_text(encoding="utf-8") == svg


def test_bitmaps_are_kept_by_scale(place):
    one, two = (drawings.kept_bitmap(Drawing(bars, (200,)), scale) for scale in (1.0, 2.0))
    assert one.startswith(SIGNATURE)
    assert int.from_bytes(two[16:20], "big") == pytest.approx(2 * int.from_bytes(one[16:20], "big"), abs=2)
    assert len(two) < len(bitmap(drawn(Drawing(bars, (200,)))))
    assert sorted(file.suffix for file in place.iterdir()) == [".png", ".png", ".svg"]
    assert drawings.kept_bitmap(Drawing(bars, (200,)), 1.0) == one


def test_a_folder_that_cannot_be_written_costs_time_alone(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setenv(drawings.VARIABLE, str(blocked))
    assert drawings.kept_drawing(Drawing(bars, (200,))).endswith("</svg>")
    assert drawings.kept_bitmap(Drawing(bars, (200,)), 1.0).startswith(SIGNATURE)


def test_the_oldest_half_goes_when_there_are_too_many(place, monkeypatch):
    monkeypatch.setattr(drawings, "FILES_KEPT", 4)
    for width in range(200, 206):
        drawings.kept_drawing(Drawing(bars, (width,)))
    assert len(list(place.iterdir())) == 4


def test_what_cannot_be_kept_leaves_no_file(place):
    drawings.kept_drawing(Drawing(bars, (200,)))
    (file,) = place.iterdir()
    file.unlink()
    file.mkdir()  # no file takes its name
    assert drawings.kept_drawing(Drawing(bars, (200,))).endswith("</svg>")
    assert [*place.iterdir()] == [file]
