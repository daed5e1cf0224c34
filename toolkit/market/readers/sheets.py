"""Program that reads a workbook of others: the file on standard input, its sheets pickled on standard output.

calamine reads the values. It leaves errors of formulas and formulas without a value empty, and knows neither hidden rows, nor
formats of numbers, nor comments, nor what is struck through: these are taken from the XML.
`toolkit.market.readers.contents.run` runs it.
"""

from __future__ import annotations

import io
import pickle
import sys
import zipfile
from collections.abc import Callable, Iterator
from posixpath import join, normpath, split
from typing import Any
from xml.etree.ElementTree import Element, iterparse  # expat refuses entities that multiply; the process has a limit of memory

from python_calamine import PasswordError, load_workbook

EXCEL = "xl/workbook.xml"
"""Part of an archive by which it is a workbook."""
LOCKED = "locked by a password"
_WIDEST = 16_384  # columns of a sheet
Marks = dict[str, Any]
"""What the XML of a sheet tells beside its values; cells by row and column from 1.

`rows` and `columns` are its size, `texts` errors of formulas and formulas without a value, `formats` format -> cells,
`hidden_rows` and `hidden_columns` their numbers, `merged` first row, first column, last row and last column of cells,
`comments` their rows and texts, `struck` the rows of cells that are struck through.
"""
IsMeant = Callable[[str, bool], bool]


def no_marks() -> Marks:
    """Those of an empty sheet."""
    lists = ("hidden_rows", "merged", "comments", "struck")
    return {"rows": 0, "columns": 0, "texts": {}, "formats": {}, "hidden_columns": set(), **{name: [] for name in lists}}


def ended(archive: zipfile.ZipFile, part: str, *names: str) -> Iterator[tuple[str, Element]]:
    """The elements of some names and their names without a namespace, each when it ends; a row is let go then.

    Args:
        archive: The workbook.
        part: Of it.
        names: Of the elements.
    """
    named = next((one for one in archive.namelist() if one.casefold() == part.casefold()), None)
    if named is None:
        return
    with archive.open(named) as file:
        for _, element in iterparse(file):  # noqa: S314
            if (name := local(element.tag)) in names:
                yield name, element
                if name == "row":
                    element.clear()


def local(name: str) -> str:
    """A name without its namespace."""
    return name[name.find("}") + 1 :]


def excel(archive: zipfile.ZipFile, is_meant: IsMeant) -> dict[str, Marks]:
    """The marks of the sheets that are meant."""
    targets = {one.get("Id"): one.get("Target", "") for _, one in ended(archive, "xl/_rels/workbook.xml.rels", "Relationship")}
    codes, styles, struck = {"9": "0%", "10": "0.00%"}, list[tuple[str, bool]](), set[str]()
    for name, one in ended(archive, "xl/styles.xml", "numFmts", "fonts", "cellXfs"):
        if name == "numFmts":
            codes |= {code.get("numFmtId", ""): code.get("formatCode", "") for code in one}
        elif name == "fonts":
            struck = {str(i) for i, font in enumerate(one) if any(local(of.tag) == "strike" and is_on(of) for of in font)}
        else:
            styles = [(codes.get(style.get("numFmtId", ""), ""), style.get("fontId") in struck) for style in one]
    found: dict[str, Marks] = {}
    for _, sheet in ended(archive, EXCEL, "sheet"):
        name = sheet.get("name", "")
        if is_meant(name, sheet.get("state") in ("hidden", "veryHidden")):
            target = next((targets.get(value, "") for key, value in sheet.items() if key.endswith("}id")), "")
            part = normpath(join("/xl", target)).lstrip("/")
            if part.casefold() not in map(str.casefold, archive.namelist()):
                raise ValueError(f"{name} has no part {part}")
            found[name] = excel_sheet(archive, part, styles)
    return found


def is_on(element: Element) -> bool:
    """Whether a property of a font holds: it does without a value."""
    return element.get("val", "1") not in ("0", "false")


def excel_sheet(archive: zipfile.ZipFile, part: str, styles: list[tuple[str, bool]]) -> Marks:
    """The marks of a sheet of Excel.

    Args:
        archive: The workbook.
        part: Its sheet.
        styles: Format of each style, empty for a number alone, and whether it is struck through.
    """
    found, row = no_marks(), 0
    for name, element in ended(archive, part, "col", "row"):
        is_hidden = element.get("hidden") in ("1", "true") or element.get("ht") == "0"
        if name == "col":
            last = min(int(element.get("max", 1)), _WIDEST)
            if is_hidden and len(found["hidden_columns"]) < _WIDEST:
                found["hidden_columns"].update(range(int(element.get("min", 1)), last + 1))
            continue
        row, column = int(element.get("r", row + 1)), 0
        found["hidden_rows"] += [row] if is_hidden else []
        for cell in element:
            at = _, column = place(cell.get("r"), row, column + 1)
            inside = {local(one.tag): one.text for one in cell}
            if not inside:
                continue
            found["rows"], found["columns"] = max(found["rows"], at[0]), max(found["columns"], column)
            kind, style = cell.get("t"), int(cell.get("s", 0))
            code, is_struck = styles[style] if style < len(styles) else ("", False)
            found["struck"] += [at[0]] if is_struck else []
            if kind == "e":
                found["texts"][at] = inside.get("v") or "#N/A"
            elif "f" in inside and not inside.get("v") and kind != "str":
                found["texts"][at] = f"={inside['f'] or ''}"
            elif code:
                found["formats"].setdefault(code, []).append(at)
    folder, name = split(part)
    for _, relation in ended(archive, f"{folder}/_rels/{name}.rels", "Relationship"):
        if relation.get("Type", "").endswith("/comments"):
            comments = normpath(join("/", folder, relation.get("Target", ""))).lstrip("/")
            told = ended(archive, comments, "comment")
            found["comments"] += [(place(one.get("ref"), 0, 0)[0], "".join(one.itertext())) for _, one in told]
    return found


def place(reference: str | None, row: int, column: int) -> tuple[int, int]:
    """Row and column of a cell.

    Args:
        reference: Such as ``AB12``.
        row: The one it is where there is no reference.
        column: The one it is in then.
    """
    if not reference:
        return row, column
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters.upper():
        column = 26 * column + ord(letter) - 64
    return int(reference[len(letters) :]), column


def main(meant: str, most: int) -> None:
    """Write names of the sheets and of those that are hidden, and of each that is meant size, values, merged cells and marks.

    Args:
        meant: Name of a sheet in small letters; empty for those that are not hidden.
        most: Cells of a sheet that are laid out; of a larger one there are no values.

    Raises:
        ValueError: for a workbook that is damaged or locked.
    """
    content = sys.stdin.buffer.read()

    def is_meant(name: str, is_hidden: bool) -> bool:  # noqa: FBT001
        return name.strip().casefold() == meant or not (meant or is_hidden)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if (damaged := archive.testzip()) is not None:  # a part that unpacks to more than it states, too
            raise ValueError(f"{damaged} is damaged")
        marks = excel(archive, is_meant)
    sheets = {
        name: (one["rows"], one["columns"], [], [], one) for name, one in marks.items() if one["rows"] * one["columns"] > most
    }
    names, hidden = [*marks], []
    if not sheets:
        try:
            book = load_workbook(io.BytesIO(content))
        except PasswordError:
            raise ValueError(LOCKED) from None
        names = book.sheet_names
        hidden = [one.name for one in book.sheets_metadata if str(one.visible) != "SheetVisibleEnum.Visible"]
        for name in names:
            if is_meant(name, name in hidden):
                sheet, found = book.get_sheet_by_name(name), marks[name]
                fits = sheet.total_height * sheet.total_width <= most
                values = sheet.to_python(skip_empty_area=False) if fits else []
                merged = [
                    (top + 1, left + 1, end + 1, right + 1) for (top, left), (end, right) in sheet.merged_cell_ranges or ()
                ]
                sheets[name] = sheet.total_height, sheet.total_width, values, merged, found
    sys.stdout.buffer.write(pickle.dumps((names, hidden, sheets)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
