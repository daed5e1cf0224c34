"""China's licence catalogue as users have it: the official columns in any encoding and format, with what spreadsheets do to it."""

from __future__ import annotations

import pytest

from tests.workbooks import xlsx
from toolkit.core.errors import DataError
from toolkit.market.readers.licence_catalogue import read_licence_catalogue, tariff_codes

TITLES = [["附件", "", "", "", ""], ["2026年度两用物项和技术进出口许可证管理目录", "", "", "", ""]]
HEADER = ["序号", "商品名称", "描述", "海关商品编号\uff0810位\uff09", "单位"]
ROWS = [
    ["1", "金属镓(单质)", "包括晶体、粉末", "8112929010", "千克"],
    ["", "", "", "8112929090", "千克"],
    ["2", "砷化镓", "单晶", "2853909026、3818009004", "千克"],
    ["", "说明\uff1a", "不包括废料", "", ""],
    ["3", "铋相关生产技术及资料", "工艺规范", "无", ""],
]
CODES = [
    (4, "金属镓(单质)", "8112929010"),
    (5, "金属镓(单质)", "8112929090"),
    (6, "砷化镓", "2853909026"),
    (6, "砷化镓", "3818009004"),
    (8, "铋相关生产技术及资料", None),
]


def text(rows, separator=","):
    return "".join(separator.join(row) + "\n" for row in rows)


def codes(catalogue):
    return catalogue.codes.select("row", "name", "code").rows()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_in_the_encodings_of_chinese_spreadsheets(tmp_path, encoding, separator):
    (tmp_path / "c.csv").write_bytes(text([*TITLES, HEADER, *ROWS], separator).encode(encoding))
    found = read_licence_catalogue(tmp_path / "c.csv")
    assert codes(found) == CODES
    assert (found.items, found.unread) == (3, ())
    assert found.encoding == {"utf-8-sig": "utf-8", "gbk": "gb18030"}.get(encoding, encoding)
    assert found.codes["description"][2] == "单晶 说明: 不包括废料"


def test_a_workbook_with_codes_as_numbers(tmp_path):
    cells = [[int(cell) if cell.isdecimal() else cell or None for cell in row] for row in [*TITLES, HEADER, *ROWS]]
    (tmp_path / "c.xlsx").write_bytes(xlsx({"出口": cells, "说明": [["年度"]]}))
    found = read_licence_catalogue(tmp_path / "c.xlsx")
    assert codes(found) == CODES
    assert any("出口" in str(note) for note in found.notes)


def test_english_headers_and_control_codes_that_begin_an_item(tmp_path):
    rows = [["Control code", "Name of commodity", "HS code"], ["1C117.c", "", "7106919001"], ["1C117.d", "APT", "2841.80.1000"]]
    (tmp_path / "c.csv").write_text(text([*rows, rows[0], ["", "", "2849 9020 00"]]), encoding="utf-8")
    found = read_licence_catalogue(tmp_path / "c.csv")
    assert codes(found) == [(2, "", "7106919001"), (3, "APT", "2841801000"), (5, "APT", "2849902000")]
    assert found.codes["control_code"].to_list() == ["1C117.c", "1C117.d", "1C117.d"]


def test_rows_that_cannot_be_read_are_named_and_the_others_are_read(tmp_path):
    bad = [
        ["", "", "", "8112929010", ""],
        ["4", "金属碲", "", "2.8045E+09", ""],
        ["5", "金属铟", "8112923010", "", ""],
        ["6", "ex", "", "81129", ""],
        ["7", "金属铋", "8106101091"],
    ]
    (tmp_path / "c.csv").write_text(text([HEADER, bad[0], *ROWS, *bad[1:]]), encoding="utf-8")
    found = read_licence_catalogue(tmp_path / "c.csv")
    assert sorted((one.row, one.value) for one in found.unread) == [
        (2, "8112929010"), (8, "2.8045E+09"), (9, "8112923010"), (10, "81129"), (11, "3 fields")]  # fmt: skip
    assert all(one.what and one.hint for one in found.unread)
    assert found.codes["code"].drop_nulls().to_list() == [code for *_, code in CODES if code]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (text([["型号", "数量"], ["a", "1"]]).encode(), "names items and tariff codes"),
        (text([["标题", ""], ["型号", "数量"], ["a", "1"]]).encode(), "names items and tariff codes"),
        (text([HEADER, ROWS[-1]]).encode(), "no tariff code was read"),
        (text([HEADER, ["1", "锗", "", "8.1E9", ""]]).encode(), "Row 2"),
        (
            text([HEADER, *ROWS]).encode("gbk") + "锗\n".encode("gbk")[:1] + b"\n",
            "row 7: the text is neither UTF-8 nor GB18030",
        ),
        (b"%PDF-1.7", "is a PDF"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_with_a_remedy(tmp_path, content, words):
    (tmp_path / "c.csv").write_bytes(content)
    with pytest.raises(DataError, match=words) as error:
        read_licence_catalogue(tmp_path / "c.csv")
    assert error.value.hint


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("8112929010", ["8112929010"]),
        ("8112929010 8112929090", ["8112929010", "8112929090"]),
        ("8112 9290 10", ["8112929010"]),
        ("84798999;3818.0090.21", ["84798999", "3818009021"]),
        ("-", []),
        ("811292901", None),
        ("8112929010.0", None),
        ("见附件", None),
    ],
)
def test_codes_of_a_cell(cell, found):
    assert tariff_codes(cell) == found
