"""What the lists of an account's sessions mean, in each generation of CSM; who has none, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from neural4d_blender.engine.errors import KeyRejected, RequestRefused, UnexpectedAnswer, UnsupportedFeature
from neural4d_blender.engine.model.declaration import Feature
from neural4d_blender.engine.model.server_facts import GENERATION, Server
from neural4d_blender.engine.protocol import declarations, lacks
from neural4d_blender.engine.services import PROVIDERS
from neural4d_blender.engine.services.csm.account_list import PAGE
from neural4d_blender.engine.services.csm.provider import Csm
from neural4d_blender.engine.services.results import AccountPage, Listed, Outcome
from tests.unit.engine.test_csm import Http, refusal

GLB, PICTURE = "https://files.example/m.glb", "https://pictures.example/chair.png"
TODAY, OLDER = "v3", "sessions"


def csm(answer: Any, generation: str = TODAY) -> Csm:
    known = Server()
    known.note(GENERATION, generation)
    return Csm(Http(answer), known)


def row(id: str, **more: Any) -> dict[str, Any]:
    return {"_id": id, "type": "image_to_3d", "status": "complete", **more}


def read(*rows: Any, page: int = 0, **more: Any) -> AccountPage:
    return csm({"results": [*rows], **more}).list_models(page)


def older(*rows: Any, page: int = 0, **more: Any) -> AccountPage:
    return csm({"statusCode": 200, "data": {"results": [*rows], **more}}, OLDER).list_models(page)


def test_what_a_row_of_today_tells() -> None:
    found = read(
        row("a", input={"prompt": " a  red chair ", "image_url": PICTURE}, created_at="2026-11-20T10:00:00.000Z"),
        row("b", status="in_progress", input={"image_urls": [PICTURE, f"{PICTURE}?2"]}, type="multiview_to_3d"),
        row("c", status="failed", status_message="It has no front.", input={"image_url": "data:image/png;base64,AA"}),
        row("d", status="cancelled", type="retopology"),
        row("e", status=None, type="image_to_kit", input=None),
    )
    why = ["CSM could not make it: It has no front.", "It was cancelled at CSM. It makes nothing any more."]
    assert found.models == [
        Listed("a", "a red chair", 1_795_168_800.0, Outcome.DONE, PICTURE),
        Listed("b", outcome=Outcome.GENERATING, preview_url=PICTURE),
        Listed("c", "", None, Outcome.FAILED, "data:image/png;base64,AA", why[0]),
        Listed("d", outcome=Outcome.FAILED, obstacle=f"CSM could not make it: {why[1]}"),
        Listed("e"),
    ]


def test_what_a_row_of_an_older_list_tells() -> None:
    spins = ["https://files.example/0.jpg"]
    found = older(
        {"session_code": "SESSION_1", "mesh_url_glb": GLB, "image_url": PICTURE, "status": "refine_mesh_completed"},
        {"session_code": "SESSION_2", "status": "spin_generate_processing", "spins": [], "image_url": PICTURE},
        {"session_code": "SESSION_3", "status": "spin_generate_completed", "spins": spins, "caption": "a bird"},
        {"session_code": "SESSION_4", "status": "spin_generate_failed", "created_at": 1_795_168_800_000},
    )
    assert found.models == [
        Listed("SESSION_4", "", 1_795_168_800.0, Outcome.FAILED, "", found.models[0].obstacle),
        Listed("SESSION_1", outcome=Outcome.DONE, preview_url=PICTURE),
        Listed("SESSION_2", outcome=Outcome.GENERATING, preview_url=PICTURE),
        Listed("SESSION_3", "a bird", None, Outcome.NEXT, spins[0], found.models[3].obstacle),
    ]
    assert "costs credits" in found.models[3].obstacle


@pytest.mark.parametrize(
    "other",
    [
        row("x", type="text_to_image", output={"image_url": PICTURE}),
        row("x", type="scene", output={"scene_url": GLB}),
        row("x", type="a kind of tomorrow"),
        {"type": "image_to_3d", "status": "complete"},
        "a text",
        None,
    ],
)
def test_what_is_no_model_that_could_be_brought_in_is_passed_over(other: Any) -> None:
    assert [one.id for one in read(other, row("a"), other).models] == ["a"]


def test_a_kind_of_tomorrow_that_has_a_mesh_is_a_model() -> None:
    assert [one.id for one in read(row("a", type="dance", output={"mesh_url_glb": GLB})).models] == ["a"]


def test_each_comes_once_and_the_newest_first() -> None:
    rows = [row("a", created_at=1000), row("c", created_at=3000), row("a", created_at=1000), row("b", created_at=2000)]
    assert [one.id for one in read(*rows).models] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("count", "page", "total", "more"),
    [
        (PAGE, 0, None, True),
        (PAGE - 1, 0, None, False),
        (PAGE, 0, PAGE, False),
        (PAGE, 0, PAGE + 1, True),
        (PAGE, 1, PAGE, True),  # what cannot be so is not believed
        (3, 1, "15", False),
        (0, 0, 0, False),
        (PAGE, 0, "many", True),
    ],
)
def test_whether_there_is_a_page_after_it(count: int, page: int, total: object, more: bool) -> None:
    rows = [row(f"{number}") for number in range(count)]
    assert read(*rows, page=page, total=total).more is more


@pytest.mark.parametrize("listing", [read, older])
def test_a_list_that_comes_in_one_piece_is_cut_into_pages(listing: Any) -> None:
    rows = [{**row(f"{number:02}"), "session_code": f"{number:02}"} for number in range(PAGE + 3)]
    pages = [listing(*rows, page=number) for number in range(3)]
    assert [len(page.models) for page in pages] == [PAGE, 3, 0]
    assert [page.more for page in pages] == [True, False, False]


@pytest.mark.parametrize("answer", [{}, {"results": None}, {"data": []}, {"results": "none"}])
@pytest.mark.parametrize("generation", [TODAY, OLDER])
def test_what_is_no_list(answer: Any, generation: str) -> None:
    with pytest.raises(UnexpectedAnswer):
        csm(answer, generation).list_models(0)


def test_the_page_is_asked_for_as_the_documents_say() -> None:
    for generation, path in ((TODAY, "/v3/sessions/"), (OLDER, "/image-to-3d-sessions")):
        service = csm({"results": [], "data": {"results": []}}, generation)
        service.list_models(3)
        assert service.http.sent == [("GET", f"{path}?limit={PAGE}&page=3", None)]  # type: ignore[attr-defined]


def test_an_older_server_without_a_list_is_known_from_then_on() -> None:
    service = csm(refusal(RequestRefused, 405), OLDER)
    with pytest.raises(UnsupportedFeature, match="older sessions"):
        service.list_models(0)
    assert "older sessions" in lacks("csm", Feature.ACCOUNT, service.server.facts)
    assert not lacks("csm", Feature.ACCOUNT, {GENERATION: TODAY})


@pytest.mark.parametrize("error", [KeyRejected("No."), RequestRefused("No.")])
def test_other_refusals_are_told_as_they_are(error: Any) -> None:
    with pytest.raises(type(error)):
        csm(error).list_models(0)


def test_the_others_say_that_they_have_none() -> None:
    """As their documents do: of all of them CSM's alone have a list."""
    for declared in declarations():
        if declared.can(Feature.ACCOUNT):
            assert declared.id == "csm"
            continue
        with pytest.raises(UnsupportedFeature, match="no list"):
            PROVIDERS[declared.id](Http({})).list_models(0)  # type: ignore[arg-type]
