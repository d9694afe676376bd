"""The report of a batch as a file: safe to open in a spreadsheet, read again as it was, nobody else's."""

from __future__ import annotations

import csv
import os
from dataclasses import fields, replace
from pathlib import Path

import pytest

from neural4d_blender.batching.reports.report_files import Line, read, write

PLAIN = Line(1, 1, "a bird", "Bird", "neural4d", "ready", 60, 1.5, None, None, -2.0, 12, ["/a/b.glb"], "", "1", "b", "")
PLAIN = replace(PLAIN, variant=0, options={"quality": 1.5}, metadata={"shot": "sh010"})


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example","x")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\uff1d1",
        "'=1",
        "''",
        "'quoted' and so on",
        "a = b",
    ],
)
@pytest.mark.parametrize("ending", [".csv", ".json"])
def test_no_cell_is_a_formula_and_what_is_read_is_what_was_written(tmp_path: Path, text: str, ending: str) -> None:
    texts = {"input": text, "name": text, "error": text, "shard": text, "repairs": text}
    line = replace(PLAIN, **texts, metadata={"shot": text}, files=[text.strip(), "/b"], points_estimated=True)
    path = write([line], tmp_path / f"report{ending}")
    assert read(path) == [line]
    if ending == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            (cells,) = csv.DictReader(file)
        assert not [cell for cell in cells.values() if cell.lstrip(" ")[:1] in tuple("=+@\t\r\n\uff1d")]
        assert [name for name, cell in cells.items() if cell.startswith("-")] == ["height_mm"], "a number stays one"
        own = [one.name for one in fields(Line) if one.name not in ("report", "metadata")]
        assert list(cells) == [*own, "meta.shot"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_it_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.with_name("report.csv.part").touch(0o666)
    before = os.umask(0)
    try:
        write([PLAIN], path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
