"""The report on a model as data: it survives the journal, and what is damaged is no report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from neural4d_blender.engine.model.quality.report import USES, Finding, Report, Verdict, attribute_of, number

REPORT = Report(
    (
        Finding("open_edges", 4, "edges", 0, False, 4, False, "{value} edges are open."),
        Finding("thin_walls", None, "mm", 0.8, True, sampled=True),
    ),
    tuple(Verdict(use, use != "print", 0.25 * place, ("open_edges",) * place) for place, use in enumerate(USES)),
)


def test_it_survives_json() -> None:
    assert Report.from_json(json.loads(json.dumps(REPORT.to_json()))) == REPORT


def test_what_is_asked_for_by_name() -> None:
    assert REPORT.verdict("print").score == 0.5
    assert REPORT.finding("open_edges") == REPORT.findings[0]
    assert REPORT.finding("holes") is None
    assert attribute_of("open_edges") == "neural4d_open_edges"
    with pytest.raises(KeyError):
        REPORT.verdict("food")


def test_more_fields_of_a_later_version_are_passed_over() -> None:
    values = REPORT.to_json()
    values["findings"][0]["colour"] = "red"
    values["more"] = 1
    assert Report.from_json(values) == REPORT


@pytest.mark.parametrize("place", range(13))
def test_damage_is_no_report(place: int) -> None:
    values: Any = json.loads(json.dumps(REPORT.to_json()))
    damages: list[Any] = [
        lambda: values["findings"][0].update(value="4"),
        lambda: values["findings"][0].update(value=float("nan")),
        lambda: values["findings"][0].update(ok=1),
        lambda: values["findings"][0].update(marked=True),
        lambda: values["findings"][0].pop("name"),
        lambda: values["verdicts"][0].update(score=1.5),
        lambda: values["verdicts"][0].update(reasons="open"),
        lambda: values["verdicts"][1].update(reasons=[3]),
        lambda: values["verdicts"].pop(),
        lambda: values.pop("findings"),
        lambda: values.update(findings=3),
        lambda: values.update(findings=["open_edges"]),
        lambda: values["verdicts"][0].pop("reasons"),
    ]
    damages[place]()
    with pytest.raises(ValueError, match="report"):
        Report.from_json(values)


@pytest.mark.parametrize("values", [None, [], "report", 3])
def test_something_else_is_no_report(values: object) -> None:
    with pytest.raises(ValueError, match="damaged"):
        Report.from_json(values)


def test_figures_in_sentences() -> None:
    told = Finding("thin_walls", 0.412345, "mm", 0.8, False, 1200, sentence="{value} of {threshold}, {marked}, {bad}")
    assert told.told() == "0.412 of 0.8, 1,200, {bad}"
    assert told.told("Nur {value} mm") == "Nur 0.412 mm"
    assert [number(one) for one in (None, 0.0, 1234567.8, 4.0)] == ["?", "0", "1,234,568", "4"]
    assert [number(one) for one in (0.00012, 6.5e-06, -3e-07)] == ["0.00012", "0", "0"]


def test_one_of_a_thing_is_told_as_one() -> None:
    finding = lambda name, unit, value: Finding(name, value, unit, 0, False).short()  # noqa: E731
    assert finding("open_edges", "edges", 12.0) == "12 open edges"
    assert [finding(*one, 1.0) for one in (("open_edges", "edges"), ("holes", "holes"))] == ["1 open edge", "1 hole"]
    assert finding("inverted_normals", "faces", 1.0) == "inverted normals: 1 face"
    assert finding("thin_walls", "mm", 1.0) == "thin walls: 1 mm"
    german = {"open edge": "offene Kante", "inverted normals": "verkehrte Normalen", "face": "Fl\u00e4che"}.get
    assert Finding("open_edges", 1.0, "edges", 0, False).short(german) == "1 offene Kante"
    assert Finding("inverted_normals", 1.0, "faces", 0, False).short(german) == "verkehrte Normalen: 1 Fl\u00e4che"
