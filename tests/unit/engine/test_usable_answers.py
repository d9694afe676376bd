"""What can be used of an answer is used: numbers and switches as texts, lists with null, one thing where a list is
told, parts that are missing. Of every service, in both of its generations; what means nothing is still refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from neural4d_blender.engine.errors import NotEnoughPoints, RequestRefused, UnexpectedAnswer
from neural4d_blender.engine.http.refusals import of_content
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.server_facts import GENERATION, Server
from neural4d_blender.engine.services import PROVIDERS, results
from neural4d_blender.engine.services.base import Provider
from neural4d_blender.engine.services.results import Balance, Cutout, Outcome, Submission
from tests.unit.engine.test_csm import Http

GLB, OTHER = "https://files.example/m.glb", "https://files.example/n.glb"
PNG = "https://files.example/p.png"
Call = Callable[[Provider], Any]


def at(service: str, generation: str, answer: Any) -> Provider:
    known = Server()
    known.note(GENERATION, generation)
    return PROVIDERS[service](Http(answer), known)


def submit(**request: Any) -> Call:
    def call(provider: Provider) -> Submission:
        return provider.submit(Request(**{"prompt": "a bird", **request}), ["t"])

    return call


def order(provider: Provider) -> list[str]:
    return provider.order_pictures(Request("a bird", picture_first=True)).uuids


def poll(provider: Provider) -> tuple[Outcome, str]:
    found = provider.poll("a1", True)
    return found.outcome, found.model_url


def ids(call: Call) -> Call:
    return lambda provider: call(provider).uuids


def chibi(provider: Provider) -> tuple[list[str], int, int | None]:
    made = provider.submit(Request(images=["a.png", "b.png"], options={"style": "x"}), [])
    return made.uuids, len(made.failures), made.points


def convert(provider: Provider) -> tuple[str, float | None]:
    made = provider.convert("a1", "OBJ", None)
    return made.url, made.scale


def total(provider: Provider) -> int:
    return provider.balance().total


DONE = (Outcome.DONE, GLB)
NEURAL4D: list[tuple[Any, Call, Any]] = [
    ({"uuids": ["one", None, ""]}, ids(submit()), ["one"]),
    ({"uuids": [None, 7], "pointsDeducted": "60.0"}, ids(submit()), ["7"]),
    ({"uuids": "one"}, ids(submit()), ["one"]),
    ({"uuid": "one"}, ids(submit()), ["one"]),
    ({"uuids": [{"uuid": "one"}, None]}, ids(submit()), ["one"]),
    ({"uuids": ["one", "one"]}, ids(submit()), ["one"]),
    ({"data": [{"uuids": ["one"]}]}, ids(submit()), ["one"]),
    ({"data": {"uuids": "one"}, "limitType": None}, ids(submit()), ["one"]),
    ({"uuids": ["one"], "pointsDeducted": "30"}, lambda p: submit()(p).points, 30),
    ({"uuids": ["one"], "data": {"pointsDeducted": "30.0"}}, lambda p: submit()(p).points, 30),
    ({"uuids": ["one", None]}, lambda p: len(submit()(p).failures), 1),
    ({"data": {"uuids": "one"}}, order, ["one"]),
    ({"results": [{"uuids": ["one"]}, {"uuids": ["two"], "success": "true"}]}, chibi, (["one", "two"], 0, None)),
    ({"results": [{"uuids": ["one"], "success": None}, {"success": "false"}]}, chibi, (["one"], 1, None)),
    ({"results": [{"uuids": "one", "success": 1}, {"success": True}], "failureCount": "1"}, chibi, (["one"], 1, None)),
    ({"results": {"uuids": ["one"]}, "failureCount": "1.0"}, chibi, (["one"], 1, None)),
    ({"results": [None, {"uuids": ["one", None]}], "pointsDeducted": "30"}, chibi, (["one"], 0, 30)),
    ({"data": {"results": [{"uuids": ["one"]}]}, "success": "true"}, chibi, (["one"], 0, None)),
    ({"uuids": ["one", "two"], "success": "True", "failures": None}, chibi, (["one", "two"], 0, None)),
    ({"results": [{"uuids": ["one"]}], "failures": {"file": "b.png", "msg": "no face"}}, chibi, (["one"], 1, None)),
    ({"codeStatus": "0.0", "modelUrl": [GLB]}, poll, DONE),
    ({"codeStatus": "0", "modelUrl": f" {GLB} ", "imageUrl": None}, poll, DONE),
    ({"codeStatus": "1"}, poll, (Outcome.GENERATING, "")),
    ({"codeStatus": "0", "modelUrl": GLB, "imageUrl": [PNG]}, lambda p: p.poll("a", True).preview_url, PNG),
    ({"statusType": "0", "progress": "45"}, lambda p: p.poll("a", False).progress, 0.45),
    ({"progress": "45.0 %"}, lambda p: p.poll("a", False).progress, 0.45),
    ({"statusType": "0", "progress": 45.5}, lambda p: p.poll("a", False).progress, 0.455),
    ({"statusType": "0", "data": {"total_points": "100.0"}}, total, 100),
    ({"statusType": 0.0, "data": [{"total_points": "100", "year_points": None}]}, total, 100),
    ({"statusType": 0, "total_points": 100}, total, 100),
    ({"data": {"status": "SUCCESS", "resultUrl": [PNG]}}, lambda p: p.pictures(["a"]), [Cutout("a", PNG)]),
    ({"success": "true", "data": [{"resultUrl": PNG}]}, lambda p: p.pictures(["a"]), [Cutout("a", PNG)]),
    (
        {"fileKeys": ["a", None, 7], "mattedImageUrls": [PNG, PNG, PNG]},
        lambda p: p.cutouts("1"),
        [Cutout("a", PNG), Cutout("7", PNG)],
    ),
    ({"fileKeys": "a", "mattedImageUrls": PNG}, lambda p: p.cutouts("1"), [Cutout("a", PNG)]),
    ({"statusCode": "0", "result": "true"}, lambda p: p.portrait("a.png").found, True),
    ({"statusCode": 0, "result": 0}, lambda p: p.portrait("a.png").found, False),
    ({"statusType": "0", "modelUrl": [OTHER], "scaleNumber": "1.5"}, convert, (OTHER, 1.5)),
    ({"modelUrl": OTHER}, convert, (OTHER, None)),
]
V3: list[tuple[Any, Call, Any]] = [
    ({"_id": 12}, ids(submit(prompt="", images=[PNG])), ["12"]),
    ({"data": [{"_id": "a1"}]}, ids(submit(prompt="", images=[PNG])), ["a1"]),
    ({"_id": None, "data": {"_id": "a1"}}, order, ["a1"]),
    ({"credits": None, "data": {"credits": "41.9"}}, total, 41),
    ({"data": [{"credits": 41}]}, total, 41),
    ({"status": "complete", "output": {"meshes": {"data": {"glb_url": GLB}}}}, poll, DONE),
    ({"status": "complete", "output": [{"meshes": [GLB, None]}]}, poll, DONE),
    ({"status": "COMPLETE", "output": {"meshes": [{"mesh_url": GLB}]}}, poll, DONE),
    ({"status": "complete", "output": {"mesh_url_glb": [GLB]}}, poll, DONE),
    ({"status": "complete", "output": {"parts": {"name": None, "glb_url": GLB}}}, poll, DONE),
    ({"status": "incomplete", "percent_done": "45%"}, lambda p: p.poll("a", True).progress, 0.45),
    ({"status": "complete", "output": {"image_url": [PNG]}}, lambda p: p.pictures(["a"]), [Cutout(PNG, PNG)]),
    ({"status": "complete", "output": {"images": {"url": PNG}}}, lambda p: p.pictures(["a"]), [Cutout(PNG, PNG)]),
]
SESSIONS: list[tuple[Any, Call, Any]] = [
    ({"data": [{"session_code": "SESSION_1"}]}, ids(submit(prompt="", images=[PNG])), ["SESSION_1"]),
    ({"data": [{"mesh_url_glb": GLB}]}, lambda p: p.poll("SESSION_1", True).model_url, GLB),
    ({"data": {"mesh_url_glb": [GLB, None]}, "error": "none"}, lambda p: p.poll("SESSION_1", True).model_url, GLB),
    (
        {"data": {"status": "spin_generate_done", "spins": {"image_url": PNG}}},
        lambda p: p.poll("SESSION_1", True).choices,
        (Cutout("0", PNG),),
    ),
    (
        {"data": {"status": "spin_generate_done", "spins": [None, PNG]}},
        lambda p: p.poll("SESSION_1", True).choices[1],
        Cutout("1", PNG),
    ),
]
TASK = {"id": "a1", "status": "succeeded", "output": {"glb": GLB}}
GONEURAL: list[tuple[Any, Call, Any]] = [
    ({"id": 12, "status": "queued"}, ids(submit()), ["12"]),
    ({"task": {"id": "a1", "status": "queued"}}, ids(submit()), ["a1"]),
    ({"data": [{"id": "a1"}]}, ids(submit()), ["a1"]),
    (TASK | {"status": "Succeeded"}, poll, DONE),
    (TASK | {"output": GLB}, poll, DONE),
    (TASK | {"output": [GLB, None]}, poll, DONE),
    (TASK | {"output": [{"glb": [GLB]}]}, poll, DONE),
    (TASK | {"output": None, "urls": [{"glb": GLB}]}, poll, DONE),
    ({"data": TASK}, poll, DONE),
    (TASK | {"creditUsed": "25.0"}, lambda p: p.poll("a1", True).points, 25),
    (TASK | {"creditUsed": None, "creditsUsed": "25"}, lambda p: p.poll("a1", True).points, 25),
    (TASK | {"status": "failed", "creditUsed": "25", "refunded": "true"}, lambda p: p.poll("a1", True).points, 0),
    ({"remaining": "100.0"}, total, 100),
    ({"data": {"remaining": "100"}}, total, 100),
]
MADE = {"status": "success", "id": 5, "output": [GLB]}
MODELSLAB: list[tuple[Any, Call, Any]] = [
    (MADE | {"id": "5"}, ids(submit()), ["5"]),
    ({"status": "Processing", "id": 5.0, "fetch_result": "https://x.example/fetch/5"}, ids(submit()), ["5"]),
    ({"status": "processing", "id": [5], "eta": "20"}, ids(submit()), ["5"]),
    (MADE | {"status": "Success"}, poll, DONE),
    (MADE | {"output": GLB}, poll, DONE),
    (MADE | {"output": [None, GLB]}, poll, DONE),
    (MADE | {"output": {"url": GLB}}, poll, DONE),
    (MADE | {"output": None, "proxy_links": GLB}, poll, DONE),
    ({"status": "processing", "eta": "20"}, lambda p: p.poll("5", True).eta, 20.0),
]
CASES = [
    *(("neural4d", generation, *case) for generation in ("1.5", "1.2") for case in NEURAL4D),
    *(("csm", "v3", *case) for case in V3),
    *(("csm", "sessions", *case) for case in SESSIONS),
    *(("goneural", "", *case) for case in GONEURAL),
    *(("modelslab", generation, *case) for generation in ("v6", "enterprise") for case in MODELSLAB),
]


@pytest.mark.parametrize(("service", "generation", "answer", "call", "expected"), CASES)
def test_it_is_used(service: str, generation: str, answer: Any, call: Call, expected: Any) -> None:
    if (service, generation) == ("modelslab", "enterprise"):  # it makes no models from a prompt
        call = ids(submit(prompt="", images=[PNG])) if isinstance(expected, list) else call
    assert call(at(service, generation, answer)) == expected


NOTHING: list[tuple[str, str, Any, Call, type[Exception]]] = [
    ("neural4d", "1.5", {"uuids": [None, ""], "message": "Generating"}, submit(), UnexpectedAnswer),
    ("neural4d", "1.5", {"uuids": None, "limitType": 3}, submit(), RequestRefused),
    ("neural4d", "1.5", {"uuids": [True]}, submit(), UnexpectedAnswer),
    ("neural4d", "1.5", {"results": [None], "failureCount": "2"}, chibi, RequestRefused),
    ("neural4d", "1.5", {"uuids": ["one"], "success": "false"}, chibi, RequestRefused),
    ("neural4d", "1.5", {"statusType": 0, "data": {"total_points": "many"}}, total, UnexpectedAnswer),
    ("neural4d", "1.5", {"codeStatus": 0, "modelUrl": [None]}, poll, UnexpectedAnswer),
    ("neural4d", "1.5", {"codeStatus": 0.5, "modelUrl": GLB}, poll, UnexpectedAnswer),
    ("neural4d", "1.5", {"fileKeys": ["a", "b"], "mattedImageUrls": [PNG]}, lambda p: p.cutouts("1"), UnexpectedAnswer),
    ("neural4d", "1.5", {"modelUrl": GLB}, poll, UnexpectedAnswer),
    ("csm", "v3", {"_id": None, "message": "not enough credits"}, order, NotEnoughPoints),
    ("csm", "v3", {"output": {"mesh_url_glb": GLB}}, poll, UnexpectedAnswer),
    ("goneural", "", {"id": True}, submit(), UnexpectedAnswer),
    ("goneural", "", TASK | {"output": {"glb": None}}, poll, UnexpectedAnswer),
    ("goneural", "", TASK | {"status": None}, poll, UnexpectedAnswer),
    ("modelslab", "v6", MADE | {"status": None}, poll, UnexpectedAnswer),
    ("goneural", "", {"remaining": True}, total, UnexpectedAnswer),
    ("modelslab", "v6", {"status": "done", "id": 5, "output": [GLB]}, poll, UnexpectedAnswer),
]


@pytest.mark.parametrize(("service", "generation", "answer", "call", "error"), NOTHING)
def test_what_means_nothing_is_refused(
    service: str, generation: str, answer: Any, call: Call, error: type[Exception]
) -> None:
    with pytest.raises(error):
        call(at(service, generation, answer))


def test_a_mark_at_its_beginning() -> None:
    assert of_content(b'\xef\xbb\xbf{"uuids": ["one"]}')[0] == {"uuids": ["one"]}


def test_values_however_they_are_written() -> None:
    assert [results.number(one) for one in ("2", " 100.0 ", "45 %", 7, 1.5)] == [2.0, 100.0, 45.0, 7.0, 1.5]
    assert {results.number(one) for one in ("", "x", None, True, [], "nan", "inf", 10**400)} == {None}
    assert [results.flag(one) for one in (True, "True", 1, "1", "no", False, 0, "false")] == [True] * 4 + [False] * 4
    assert {results.flag(one) for one in ("", "perhaps", None, 2, [], {})} == {None}
    assert results.ids(["a", None, "", 5, True, {}, "a", " b "]) == ["a", "5", "b"]
    assert Balance(1) == Balance(1, 0)
