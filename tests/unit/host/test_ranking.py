"""Several models of a job: the best one by what is wanted, what it lacks, and what is told of that."""

from __future__ import annotations

import json
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.batching.reports import report_files as reports
from neural4d_blender.cli.exit_codes import Exit, code_of, code_of_many
from neural4d_blender.cli.output import report_text
from neural4d_blender.cli.planned_files import Plan
from neural4d_blender.client.jobs import ranking
from neural4d_blender.client.jobs.snapshots import Job, Variant
from neural4d_blender.engine.errors import JobFailed
from neural4d_blender.engine.model.quality import choosing
from neural4d_blender.engine.model.quality.report import Report
from neural4d_blender.engine.protocol import BatchRecord, InvalidInput, Request, State
from tests.support.reports import report


def facts(told: Report | None) -> Any:
    return {"report": json.loads(json.dumps(told.to_json()))} if told else {}


def job(*told: Report | None, **asked: Any) -> Job:
    variants = [Variant(at, "prepared", blend=f"v{at}.blend", facts=facts(one)) for at, one in enumerate(told)]
    request = Request(prompt="a bird", variants=len(told), **{"best_for": "render", **asked})
    return Job("1", "neural4d", request, state=State.READY, variants=variants, cost=60, under_way=False)


def order(job: Job) -> list[int]:
    return [variant.index for variant in ranking.best_first(job)]


def test_the_best_score_is_first_and_equal_ones_stay_in_their_order() -> None:
    assert order(job(report(0.5), report(0.9), None, report(0.9))) == [1, 3, 0, 2]
    assert order(job(None, None)) == [0, 1]
    assert order(job(report(0.5), report(0.9), best_for="")) == [0, 1]


def test_what_is_fit_goes_before_a_better_score_that_is_not() -> None:
    open_one, whole = report(0.9, open_edges=4), report(0.6)
    assert order(job(open_one, whole)) == [0, 1]
    assert order(job(open_one, whole, best_for="print")) == [1, 0]
    assert order(job(open_one, whole, require="print")) == [1, 0]


def test_a_box_decides_before_the_score_and_what_is_required_before_the_box() -> None:
    slim = replace(job(report(0.9, open_edges=4), report(0.5)), request=Request(prompt="x", fit_mm=[10.0, 10.0, 10.0]))
    for index, sides in enumerate(([10.0, 10.0, 10.0], [1.0, 10.0, 10.0])):
        slim.variants[index].facts["dimensions_mm"] = sides
    assert order(slim) == [0, 1]
    assert order(replace(slim, request=replace(slim.request, require="print"))) == [1, 0]


def test_the_job_is_known_by_what_stands_then_by_what_was_chosen_then_by_the_best() -> None:
    several = job(report(0.5), report(0.9), report(0.7))
    assert [ranking.own(one).index for one in (several, replace(several, chosen=2), replace(several, placed=[0]))] == [
        1,
        2,
        0,
    ]  # type: ignore[union-attr]
    assert ranking.own(job()) is None
    assert Plan(["a.glb"]).variants(several) == [1]
    assert Plan(["a.glb"]).variants(replace(several, chosen=2)) == [2]
    assert Plan(["a.glb"], every_variant=True).variants(several) == [0, 1, 2]


def test_what_the_best_one_lacks_is_told_with_what_it_cost() -> None:
    short = ranking.shortfall(job(report(open_edges=12), require="print"))
    assert short is not None
    assert short.what == "The model is not fit for print: 12 open edges."
    assert (short.kept, short.cost) == ("The model is kept.", "It cost 60 points, fit or not.")
    unchecked = ranking.shortfall(job(None, require="print"))
    assert unchecked is not None
    assert "nobody knows" in unchecked.what
    assert ranking.shortfall(job(report(open_edges=12), report(), require="print")) is None
    assert ranking.shortfall(job(report(open_edges=12))) is None
    waiting = job(report(open_edges=12), require="print")
    assert ranking.shortfall(replace(waiting, comparing=True)) is None
    assert ranking.shortfall(replace(waiting, state=State.GENERATING)) is None


def test_a_damaged_report_is_none() -> None:
    damaged: Any = {"findings": 3}
    assert Variant(0, facts={"report": damaged}).report is None
    assert Variant(0).report is None
    told = report(0.5)
    one = Variant(0, facts={"report": told.to_json()})
    assert one.report == told
    assert one.report is one.report


def test_reports_of_batches_have_the_verdicts(tmp_path: Path) -> None:
    record = BatchRecord("b", "rows", size=2)
    lines = [
        reports.line(job(report(0.75, open_edges=12), require="print"), record),
        reports.line(job(report(0.5)), record),
        reports.line(job(None), record),
    ]
    assert [line.state for line in lines] == ["not_fit", "ready", "ready"]
    assert [line.done for line in lines] == [False, True, True]
    assert "12 open edges" in lines[0].error
    assert "60 points" in lines[0].error
    assert (lines[0].render, lines[0].print, lines[0].print_score, lines[0].print_reason) == (
        True,
        False,
        0.75,
        "12 open edges",
    )
    assert (lines[2].print, lines[2].print_score, lines[2].report) == (None, None, None)
    assert reports.read(reports.write(lines, tmp_path / "report.json")) == lines
    whole = json.loads((tmp_path / "report.json").read_text("utf-8"))[0]["report"]
    assert Report.from_json(whole) == report(0.75, open_edges=12)
    in_cells = reports.read(reports.write(lines, tmp_path / "report.csv"))
    assert in_cells == [replace(line, report=None) for line in lines]


def test_a_report_of_before_is_still_read(tmp_path: Path) -> None:
    line = reports.line(job(None), BatchRecord("b", "rows", size=1))
    path = reports.write([line], tmp_path / "report.csv")
    count = 18  # columns that it had
    cut = [",".join(row.split(",")[:count]) for row in path.read_text("utf-8").splitlines()]
    path.write_text("\n".join(cut), "utf-8")
    (read,) = reports.read(path)
    assert astuple(read)[:count] == astuple(line)[:count]
    assert read.render is None


def test_exit_codes_of_what_is_not_fit() -> None:
    short = ranking.shortfall(job(report(open_edges=1), require="print"))
    assert short is not None
    assert code_of(short) is Exit.NOT_FIT
    assert code_of_many(0, [short, short]) is Exit.NOT_FIT
    assert code_of_many(1, [short]) is Exit.SOME_FAILED
    assert code_of_many(0, [short, JobFailed("no")]) is Exit.FAILED
    assert code_of_many(0, [short], allow_failed=True) is Exit.DONE


def test_lines_for_a_person_and_values_for_a_program() -> None:
    several = job(report(0.5, open_edges=1), report(0.9))
    assert report_text.in_short(several.variants[0]) == "render: fit; game: fit; print: not fit (1 open edge)"
    lines = list(report_text.lines(several))
    assert lines[0] == "  variant 2"
    assert "    !  1 edges have a face on one side only." in lines
    assert "    ok The thinnest wall has 1.25 mm. (sampled)" in lines
    assert [one["variant"] for one in report_text.variants(several)] == [1, 0]


@pytest.mark.parametrize("wrong", [{"best_for": "food"}, {"require": "food"}, {"require": "print", "keep_in": "/a"}])
def test_what_cannot_be_wanted_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        choosing.check(vars(Request(**wrong)))
