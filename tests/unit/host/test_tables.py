"""Tables as spreadsheets and other systems write them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from neural4d_blender.batching.bring_in_sources import origin_of
from neural4d_blender.batching.table import cell_values, columns, table_reader
from neural4d_blender.engine.errors import InvalidInput

#: Excel in German: the delimiter said first, decimal commas, Windows' ends of lines.
GERMAN = 'sep=;\r\nprompt;size_mm;lods\r\n"a bird; a big one";12,5;"0,5 ; 0,25"\r\n;;\r\na mug;1.234,5;\r\n'


def read(tmp_path: Path, text: str, encoding: str = "utf-8", name: str = "a.csv") -> list[table_reader.Row]:
    (tmp_path / name).write_bytes(text.encode(encoding))
    return table_reader.read(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_as_excel_writes_it(encoding: str, tmp_path: Path) -> None:
    rows = read(tmp_path, GERMAN, encoding)
    assert [row.where for row in rows] == ["line 3 of a.csv", "line 5 of a.csv"]
    found = [columns.arguments(row, {}) for row in rows]
    assert [wrong for _, wrong in found] == [[], []]
    assert [(one["prompt"], one["size_mm"]) for one, _ in found] == [("a bird; a big one", 12.5), ("a mug", 1234.5)]
    assert found[0][0]["lods"] == [0.5, 0.25]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_can_be_said(delimiter: str, tmp_path: Path) -> None:
    rows = read(tmp_path, f"sep={delimiter}\nprompt{delimiter}name\na;b,c{delimiter}d\n".replace("a;b,c", "bird"))
    assert [dict(row.values) for row in rows] == [{"prompt": "bird", "name": "d"}]


def test_comments_are_passed_over_and_counted(tmp_path: Path) -> None:
    text = (
        '# of the art department; v3; not for sale\nprompt,name\n# chairs\na chair,"two\n# lines"\n"#5 dice",e\n\n#\n'
    )
    rows = read(tmp_path, text)
    assert [dict(row.values) for row in rows] == [
        {"prompt": "a chair", "name": "two\n# lines"},
        {"prompt": "#5 dice", "name": "e"},
    ]
    assert [row.where for row in rows] == ["line 4 of a.csv", "line 6 of a.csv"]
    (row,) = read(tmp_path, '# what\n{"prompt": "a bird"}\n', name="a.jsonl")
    assert row.where == "line 2 of a.jsonl"


@pytest.mark.parametrize(
    ("text", "value"),
    [("12,5", 12.5), ("0,125", 0.125), ("-3,25", -3.25), ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("1.5", 1.5)],
)
def test_a_decimal_comma(text: str, value: float) -> None:
    assert cell_values.number(text) == value


@pytest.mark.parametrize("text", ["1,234", "12,345", "1,2,3", "1.2,3", ",5", "1,"])
def test_a_number_that_could_be_two_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        cell_values.number(text)


def test_several_numbers() -> None:
    assert cell_values.numbers("0.5,0.25") == [0.5, 0.25]
    assert cell_values.point("1,5; 2; -0,5") == [1.5, 2.0, -0.5]
    assert cell_values.point("(1, 2, 3)") == [1.0, 2.0, 3.0]


def test_paths_with_backslashes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("mug.png", "chair.obj"):
        (tmp_path / "in" / name).write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (row,) = read(tmp_path, "image,references,view.left\nin\\mug.png,in\\mug.png;in/mug.png,in\\mug.png\n")
    found, _ = columns.arguments(row, {})
    pictures = [*found["image"], *found["references"], *found["views"].values()]
    assert {os.path.realpath(str(one)) for one in pictures} == {os.path.realpath(tmp_path / "in" / "mug.png")}
    assert Path(origin_of("in\\chair.obj", {}, folder=tmp_path).bring_in) == tmp_path / "in" / "chair.obj"
    if os.name == "posix":  # where it may be a name
        (tmp_path / "in\\mug.png").write_text("another")
        found, _ = columns.arguments(row, {})
        assert found["image"] == [str(tmp_path / "in\\mug.png")]
    with pytest.raises(InvalidInput) as told:
        read(tmp_path, '{"image": "in\\mug.png"}', name="a.jsonl")
    assert "written twice" in told.value.remedy
