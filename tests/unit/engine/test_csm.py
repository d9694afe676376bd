"""What CSM's answers mean: every kind of status, field and address, without a server."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from neural4d_blender.engine.errors import (
    ConversionFailed,
    InvalidInput,
    JobNotFound,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceDown,
    UnexpectedAnswer,
)
from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.server_facts import GENERATION, Server
from neural4d_blender.engine.protocol import check
from neural4d_blender.engine.services.csm.provider import OLDER, Csm
from neural4d_blender.engine.services.results import Outcome, Poll

URL = "https://via.placeholder.com/300/09f/fff.png"
SPINS = ["https://files.example/0.jpg", "https://files.example/1.jpg"]
PREVIEW = {"preview_mesh_url_glb": "https://files.example/preview.glb"}
MESH = {"mesh_url_glb": "https://files.example/mesh.glb"}


class Http:
    """Answers everything with the same; remembers what was sent."""

    def __init__(self, answer: dict[str, Any] | Neural4DError) -> None:
        self.answer = answer
        self.sent: list[tuple[str, str, Mapping[str, Any] | None]] = []

    def call(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        files: Sequence[tuple[str, str]] = (),
        *,
        method: str = "POST",
        paid: bool = False,
        form: bool = False,
    ) -> dict[str, Any]:
        self.sent.append((method, path, body))
        if isinstance(self.answer, Neural4DError):
            raise self.answer
        return self.answer


def csm(**data: Any) -> Csm:
    """The service, showing a session with these fields."""
    return Csm(Http({"error": "", "message": "OK", "statusCode": 200, "data": {"spins": [], **data}}))


def poll(**data: Any) -> Poll:
    return csm(**data).poll("SESSION_1", expect_done=False)


@pytest.mark.parametrize(
    ("data", "outcome", "order"),
    [
        ({"status": "spin_generate_processing"}, Outcome.GENERATING, ""),
        ({"status": "spin_generate_processing", "spins": SPINS}, Outcome.GENERATING, ""),
        ({"status": "spin_generate_done", "spins": SPINS}, Outcome.NEXT, "preview"),
        ({"status": "spin_generate_completed", "spins": SPINS}, Outcome.NEXT, "preview"),
        ({"status": "training_preview", "spins": SPINS}, Outcome.GENERATING, ""),
        ({"status": "preview_mesh_processing", "spins": SPINS}, Outcome.GENERATING, ""),
        ({"status": "anything", "spins": SPINS, "selected_spin": SPINS[1]}, Outcome.GENERATING, ""),
        ({"status": "preview_done", "spins": SPINS, **PREVIEW}, Outcome.NEXT, "refine"),
        ({"status": "training_preview", "spins": SPINS, **PREVIEW}, Outcome.NEXT, "refine"),
        ({"status": "preview_done", "preview_mesh_url_fbx": "https://files.example/p.fbx"}, Outcome.NEXT, "refine"),
        ({"status": "refine_mesh_processing", "spins": SPINS, **PREVIEW}, Outcome.GENERATING, ""),
        ({"status": "training_refine", **PREVIEW}, Outcome.GENERATING, ""),
        ({"status": "refine_done", **PREVIEW, **MESH}, Outcome.DONE, ""),
        ({"status": "a new word", **PREVIEW, **MESH}, Outcome.DONE, ""),
        ({"status": "refine_done", "mesh_url_obj": "https://files.example/m.obj"}, Outcome.DONE, ""),
        ({"session_status": "incomplete", "percent_done": 3}, Outcome.GENERATING, ""),
        ({"session_status": "complete", "percent_done": 100, **MESH}, Outcome.DONE, ""),
        ({"session_status": "failed"}, Outcome.FAILED, ""),
        ({"session_status": "cancelled"}, Outcome.FAILED, ""),
        ({"session_status": "canceled", **MESH}, Outcome.FAILED, ""),
        ({"status": "spin_generate_failed"}, Outcome.FAILED, ""),
        ({"status": "refine_failed", **PREVIEW}, Outcome.FAILED, ""),
        ({"status": "spin_generate_processing", "error": "No subject in the image."}, Outcome.FAILED, ""),
    ],
)
def test_where_a_session_stands(data: dict[str, Any], outcome: Outcome, order: str) -> None:
    found = poll(**data)
    assert (found.outcome, found.order) == (outcome, order)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"status": "spin_generate_processing", "percentage": 50}, 0.125),
        ({"status": "training_preview", "percentage": "40%"}, 0.35),
        ({"status": "refine_mesh_processing", "percentage": 50, **PREVIEW}, 0.75),
        ({"status": "refine_mesh_processing", "percentage": 250, **PREVIEW}, 1.0),
        ({"session_status": "incomplete", "percent_done": 30}, 0.3),
        ({"status": "spin_generate_processing", "percentage": "abc%"}, None),
        ({"status": "spin_generate_processing"}, None),
        ({"status": "spin_generate_done", "spins": SPINS, "percentage": 100}, 0.25),
        ({"status": "preview_done", "percentage": 0, **PREVIEW}, 0.5),
    ],
)
def test_progress_counts_all_stages(data: dict[str, Any], shown: float | None) -> None:
    assert poll(**data).progress == (None if shown is None else pytest.approx(shown))


def test_only_a_status_that_waits_proves_that_an_order_never_arrived() -> None:
    assert not poll(status="spin_generate_done", spins=SPINS).doubtful
    assert poll(status="a new word", spins=SPINS).doubtful
    assert poll(status="", **PREVIEW).doubtful


def test_spins_as_addresses_or_as_objects_with_one() -> None:
    as_objects = [{"image_url": url, "likes": 0} for url in SPINS]
    for spins in (SPINS, as_objects):
        choices = poll(status="spin_generate_done", spins=spins).choices
        assert [(choice.key, choice.url) for choice in choices] == [("0", SPINS[0]), ("1", SPINS[1])]
    with pytest.raises(UnexpectedAnswer):
        poll(status="spin_generate_done", spins="none")


def test_a_text_beside_the_session_is_a_failure_too() -> None:
    service = Csm(Http({"error": "Out of memory", "data": {"status": "refine_mesh_processing"}}))
    found = service.poll("SESSION_1", expect_done=False)
    assert (found.outcome, found.message) == (Outcome.FAILED, "Out of memory")


def test_an_obj_comes_with_its_materials_where_there_is_an_archive() -> None:
    alone = {"mesh_url_obj": "https://files.example/m.obj", "status": "refine_done"}
    assert csm(**alone).convert("S", "OBJ", None).url == alone["mesh_url_obj"]
    packed = {**alone, "mesh_url_zip": "https://files.example/m.zip"}
    assert csm(**packed).convert("S", "OBJ", None).url == packed["mesh_url_zip"]
    assert csm(**packed).convert("S", "ZIP", None).url == packed["mesh_url_zip"]


def test_a_format_that_is_not_there() -> None:
    assert csm(status="refine_mesh_processing", **MESH).convert("S", "FBX", None).url == ""
    with pytest.raises(ConversionFailed, match=r"no USDZ of this model\. There are: FBX, GLB\."):
        csm(status="refine_done", mesh_url_fbx="https://f.example/m.fbx", **MESH).convert("S", "USDZ", None)
    assert Csm.conversion_quote().points == 0


def test_what_the_orders_say() -> None:
    service = csm()
    box = (0.12, 0.06, 0.0)
    for order, request, choice, size in (
        ("preview", Request(size_mm=120.0), "2", box),
        ("preview", Request(), "", None),
        ("refine", Request(size_mm=120.0), "", box),
        ("refine", Request(origin="CENTER"), "", None),
        ("refine", Request(origin="AUTHORED"), "", None),
    ):
        service.order("SESSION_1", order, request, choice, size)
    assert isinstance(service.http, Http)
    assert [body for _, _, body in service.http.sent] == [
        {"selected_spin_index": 2},
        {"selected_spin_index": 0},
        {"scaled_bbox": [0.12, 0.06, 1e-6], "pivot_point": [0.0, -0.5, 0.0]},
        {"pivot_point": [0.0, 0.0, 0.0]},
        {},
    ]
    paths = {path for method, path, _ in service.http.sent if method == "POST"}
    assert paths == {f"/image-to-3d-sessions/get-3d/{order}/SESSION_1" for order in ("preview", "refine")}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RequestRefused), (401, KeyRejected), (402, NotEnoughPoints), (404, JobNotFound), (500, ServiceDown)],
)
def test_a_refusal_that_http_calls_a_success(status: int, kind: type[Neural4DError]) -> None:
    service = Csm(Http({"error": "Bad", "message": "It is Sunday.", "statusCode": status}))
    with pytest.raises(kind, match="It is Sunday"):
        service.poll("SESSION_1", expect_done=False)


def refusal(kind: type[Neural4DError], http: int, *, by_api: bool = True) -> Neural4DError:
    error = kind("refused")
    error.http, error.by_api = http, by_api
    return error


def test_a_key_is_tried_with_a_question_that_costs_nothing() -> None:
    service = Csm(Http(refusal(RequestRefused, 404)))
    assert service.test_key() is None
    assert isinstance(service.http, Http)
    assert [(method, body) for method, _, body in service.http.sent] == [("GET", None)] * 2, "of v3, and of the others"
    with pytest.raises(KeyRejected):
        Csm(Http(refusal(KeyRejected, 401))).test_key()
    with pytest.raises(RequestRefused):  # a web server that knows nothing of CSM
        Csm(Http(refusal(RequestRefused, 404, by_api=False))).test_key()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("model_resolution", "highest", "high, low"),
        ("pixel_alignment", "", "highest, moderate, lowest"),
        ("preview_mesh", "quick", "turbo, hd"),
        ("diffusion_time_steps", 15, "16 to 200"),
        ("diffusion_time_steps", 201, "16 to 200"),
        ("auto_gen_3d", "yes", "True or False"),
        ("topology", "ngons", "tris, quads"),
        ("resolution", "high", "low_poly, high_poly"),
        ("texture_resolution", 4096, "128, 256, 512, 1024, 2048"),
        ("geometry_model", "best", "base, turbo"),
        ("texture_model", "all", "none, baked, pbr"),
        ("faces", -1, "0 to"),
        ("retopology", "quick", "swift, precision"),
        ("steps", 1, "no option 'steps'"),
    ],
)
def test_an_option_out_of_its_range_is_refused(option: str, value: object, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check("csm", Request(images=[URL], options={option: value}))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"views": {"top": URL}}, "left, back, right, not 'top'"),
        ({"images": [], "prompt": "a chair", "views": {"left": URL}}, "Views go with one image"),
        ({"images": [], "prompt": "a chair", "picture_first": True, "pictures": 2}, "pictures must be 1 to 1"),
        ({"options": {"kit": True}, "format": "FBX"}, "GLB files, not FBX"),
        ({"options": {"kit": True, "retopology": "swift"}}, "without retopology"),
        ({"options": {"kit": True}, "views": {"left": URL}}, "without views"),
        ({"variants": 2}, "one model a job"),
        ({"images": [URL, URL]}, "one image at a time"),
        ({"pbr": True}, "texture_model"),
        ({"format": "STL"}, "GLB, OBJ, FBX, USDZ"),
        ({"choose_cutout": True, "options": {"auto_gen_3d": True}}, "chooses the spin by itself"),
    ],
)
def test_what_csm_cannot_do_is_said(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check("csm", Request(**{"images": [URL], **asked}))


class Parrot(BaseHTTPRequestHandler):
    """Takes every session, and repeats a picture of nine million characters."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        said = json.dumps({"statusCode": 201, "data": {"session_code": "S_1", "image_url": "x" * 9_000_000}}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


def test_an_answer_that_repeats_the_picture_is_not_lost() -> None:
    with HTTPServer(("127.0.0.1", 0), Parrot) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        known = Server()
        known.note(GENERATION, OLDER)
        transport = Transport("CSM", f"http://127.0.0.1:{server.server_port}", "key", key_header="x-api-key")
        service = Csm(transport, known)
        assert service.submit(Request(images=[URL]), []).uuids == ["S_1"]
