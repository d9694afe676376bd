"""What today's CSM's answers mean, and which session of a list is the lost one, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from neural4d_blender.engine.errors import (
    KeyRejected,
    OtherGeneration,
    RequestRefused,
    ServiceDown,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from neural4d_blender.engine.model.declaration import Feature
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.server_facts import GENERATION, Server
from neural4d_blender.engine.protocol import declaration, lacks
from neural4d_blender.engine.services.csm import find_lost_session as lost
from neural4d_blender.engine.services.csm.provider import Csm
from neural4d_blender.engine.services.results import Outcome, Poll, Trace
from tests.unit.engine.test_csm import Http, refusal

URL = "https://pictures.example/chair.png"
GLB, OBJ = "https://files.example/m.glb", "https://files.example/m.obj"
AT = 1_795_700_000.0  # when the request went out


def today(answer: Any) -> Csm:
    known = Server()
    known.note(GENERATION, "v3")
    return Csm(Http(answer), known)


def poll(**data: Any) -> Poll:
    return today({"_id": "a1", "type": "image_to_3d", **data}).poll("a1", expect_done=True)


@pytest.mark.parametrize(
    "output",
    [
        {"meshes": [{"data": {"glb_url": GLB, "obj_url": OBJ}}]},
        {"meshes": [{"glb_url": GLB}, {"obj_url": OBJ}]},
        {"meshes": [None, "nothing", {"data": None}], "mesh_url_glb": GLB, "mesh_url_obj": OBJ},
        {"meshes": None, "mesh_url": GLB, "mesh_url_obj": OBJ},
        {"mesh_url": f"{GLB}?signature=a.b", "mesh_url_obj": OBJ},
    ],
)
@pytest.mark.parametrize("status", ["complete", "completed"])
def test_a_result_is_found_wherever_it_stands(output: dict[str, Any], status: str) -> None:
    found = poll(status=status, output=output)
    assert (found.outcome, found.model_url.partition("?")[0]) == (Outcome.DONE, GLB)
    assert found.message == "There are: GLB, OBJ."
    answer = {"_id": "a1", "status": status, "output": output}
    assert today(answer).convert("a1", "OBJ", None).url == OBJ


def test_a_session_in_an_envelope_and_with_another_name_for_its_status() -> None:
    found = today({"statusCode": 200, "data": {"session_status": "complete", "output": {"mesh_url_glb": GLB}}})
    assert found.poll("a1", expect_done=True).model_url == GLB
    with pytest.raises(UnexpectedAnswer, match="no status"):
        poll(output={"mesh_url_glb": GLB})


@pytest.mark.parametrize(("percent", "progress"), [(30, 0.3), (250, 1.0), (-3, 0.0), ("many", None), (None, None)])
def test_progress(percent: object, progress: float | None) -> None:
    assert poll(status="in_progress", percent_done=percent).progress == progress


def test_parts_of_a_kit() -> None:
    parts = [
        {"id": "1", "name": "legs", "mesh_url_glb": GLB},
        {"id": "2", "data": {"glb_url": GLB}},
        {"id": "3", "name": "no file"},
    ]
    assert poll(status="complete", output={"parts": parts}).parts == (("legs", GLB), ("Part 2", GLB))


@pytest.mark.parametrize(
    ("answer", "total"), [({"credits": 12.9}, 12), ({"credits": "40"}, 40), ({"data": {"credits": 7}}, 7)]
)
def test_credits_are_rounded_down(answer: dict[str, Any], total: int) -> None:
    assert today(answer).balance().total == total
    for wrong in ({"credits": True}, {"credits": "many"}, {}):
        with pytest.raises(UnexpectedAnswer):
            today(wrong).balance()


def test_a_creation_without_an_id_keeps_what_was_said() -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        today({"message": "It is Sunday."}).submit(Request(images=[URL]), [])
    assert caught.value.refusal == "It is Sunday."


def test_the_generation_is_known_only_by_an_answer() -> None:
    down = Csm(Http(ServiceDown("It sleeps.")))
    with pytest.raises(ServiceUnreachable, match="It sleeps"):
        down.submit(Request(images=[URL]), [])
    with pytest.raises(KeyRejected):
        Csm(Http(refusal(KeyRejected, 401))).submit(Request(images=[URL]), [])
    with pytest.raises(RequestRefused):
        Csm(Http(refusal(RequestRefused, 400))).submit(Request(images=[URL]), [])
    assert down.server.get(GENERATION) == ""


def test_an_address_that_is_gone_is_another_generation() -> None:
    service = today(refusal(RequestRefused, 404))
    with pytest.raises(OtherGeneration):
        service.submit(Request(images=[URL]), [])
    assert service.server.get(GENERATION) == "sessions"


def test_what_a_generation_lacks_is_said() -> None:
    assert "no spins" in lacks("csm", Feature.CHOICE, {GENERATION: "v3"})
    assert lacks("csm", Feature.CHOICE, {GENERATION: "sessions"}) == lacks("csm", Feature.CHOICE, {}) == ""
    for feature in (Feature.TEXT, Feature.PICTURE, Feature.VIEWS, Feature.BALANCE):
        assert "older sessions" in lacks("csm", feature, {GENERATION: "sessions"})
        assert lacks("csm", feature, {GENERATION: "v3"}) == lacks("csm", feature, {}) == ""
    assert "one model" in lacks("csm", Feature.VARIANTS, {GENERATION: "v3"})


def test_options_of_one_generation_say_so() -> None:
    both = {"geometry_model", "texture_model"}
    for option in declaration("csm").options:
        assert ("only" in option.help) or option.key in both, option.key


# The lost one of a list


def row(id: str = "a1", at: object = AT, **input: Any) -> dict[str, Any]:
    return {"_id": id, "created_at": at, "input": {"image_url": URL, **input}}


def look(*rows: dict[str, Any], known: tuple[str, ...] = ()) -> Trace:
    def fits(session: Any) -> bool:
        return lost.agrees({"seed": 7}, session["input"], [URL])

    return lost.look(lambda number: list(rows) if number == 0 else [], "_id", fits, AT, lambda id: id in known)


@pytest.mark.parametrize(
    "at", [AT, AT * 1000, f"{AT * 1000:.0f}", "2026-11-26T13:33:25.5Z", "2026-11-26T13:33:25", None, "soon", AT - 200]
)
def test_the_one_that_fits_is_the_lost_one(at: object) -> None:
    found = look(row(at=at), row("old", AT - 9999)).found
    assert found is not None
    assert found.uuids == ["a1"]


@pytest.mark.parametrize(
    ("rows", "known", "proof"),
    [
        ([], (), True),
        ([row("later", AT + 99999), row(at=AT - 9999)], ("later",), True),
        ([row(at=AT - 9999, seed=8)], (), True),
        ([row("known"), row(at=AT - 9999)], ("known",), True),
        ([row(at=AT + 99999), row("old", AT - 9999)], (), False),  # this computer's clock may be behind
        ([row(at=AT - 9999)], (), False),  # or ahead
        ([row(at=AT - 9999), row(at=AT + 99999)], (), False),
        ([row(), row("b2")], ("a1", "b2"), True),
        ([row(), row("b2")], (), False),
        ([row(seed=8)], (), False),
        ([row(settings={"seed": 8})], (), False),
        ([row(image_url="https://pictures.example/lamp.png")], (), False),
        ([row(image_urls=[URL, URL])], (), False),
        ([{"created_at": AT, "input": {}}], (), False),
    ],
)
def test_what_proves_something_and_what_does_not(
    rows: list[dict[str, Any]], known: tuple[str, ...], proof: bool
) -> None:
    trace = look(*rows, known=known)
    assert (trace.found, trace.proof) == (None, proof)


def test_of_two_the_one_that_is_nobodys_is_taken() -> None:
    found = look(row(), row("b2"), known=("a1",)).found
    assert found is not None
    assert found.uuids == ["b2"]


def test_a_list_that_does_not_end_proves_nothing() -> None:
    pages: list[int] = []

    def page(number: int) -> lost.Rows:
        pages.append(number)
        return [row(f"{number}-{index}", AT + 99999) for index in range(lost.PAGE)]

    assert not lost.look(page, "_id", lambda _: True, AT, lambda _: False).proof
    assert len(pages) == 10
    older = [row(f"{index}", AT - 9999) for index in range(lost.PAGE)]
    assert lost.look(lambda _: older, "_id", lambda _: False, AT, lambda _: False).proof
