"""Of each table in the engine every member is tried, by a list that stands here: one that is taken out is missed."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine import errors, protocol
from neural4d_blender.engine.blenders import blender_pool
from neural4d_blender.engine.errors import BrokenModel, ServiceDown
from neural4d_blender.engine.files.archive import is_archive, unpack
from neural4d_blender.engine.files.file_type import file_type
from neural4d_blender.engine.http import refusals
from neural4d_blender.engine.http.redaction import Masker
from neural4d_blender.engine.model import allowed_values, states
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.csm import sessions_today
from neural4d_blender.engine.services.neural4d import responses as neural4d
from neural4d_blender.engine.steps.delivery import check_download
from neural4d_blender.engine.steps.paid_requests import paid_request
from tests.support.glb_files import glb, triangle
from tests.unit.engine.test_csm import Http

FORMATS = ("GLB", "BLEND", "FBX", "OBJ", "STL", "USDZ")


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"v 0 0 0\n" * 9)
    return path


# Formats and archives


def test_the_formats_that_there_are() -> None:
    assert sorted(allowed_values.FORMATS) == sorted(FORMATS)
    made = {one.id: (one.formats, one.keeps) for one in protocol.declarations()}
    assert made == {
        "csm": (("GLB", "OBJ", "FBX", "USDZ"), ("ZIP",)),
        "goneural": (("GLB",), ()),
        "modelslab": (("GLB", "OBJ", "STL"), ()),
        "neural4d": (FORMATS, ()),
    }


def sample(format: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("model.usdc", b"PXR-USDC")
    return {
        "GLB": glb(triangle()),
        "FBX": b"Kaydara FBX Binary  \0\x1a\0",
        "OBJ": b"v 0 0 0\n",
        "STL": b"solid a\nfacet normal 0 0 1\n",
        "BLEND": b"BLENDER-v402",
        "USDZ": packed.getvalue(),
    }[format]


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_tells_its_format_by_its_bytes_and_only_the_one_asked_for_is_taken(format: str, tmp_path: Path) -> None:
    path = tmp_path / "model.other"
    path.write_bytes(sample(format))
    check_download.checking(format)(path)
    for other in set(FORMATS) - {format}:
        with pytest.raises(BrokenModel, match=f"{format} where {other} was asked for"):
            check_download.checking(other)(path)
        check_download.checking(other, FORMATS)(path)


@pytest.mark.parametrize("format", FORMATS)
def test_an_archive_is_what_it_holds_and_gives_it_out(format: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "model.bin", "read.me", f"source/chair.{format.lower()}")
    assert (is_archive(path), file_type(path)) == (True, format)
    assert unpack(path, tmp_path / "out", f".{format.lower()}").name == f"chair.{format.lower()}"


@pytest.mark.parametrize("first", ["chair.usd", "chair.usda", "chair.usdc"])
def test_an_archive_that_begins_with_a_stage_is_a_usdz(first: str, tmp_path: Path) -> None:
    assert file_type(zipped(tmp_path / "model.bin", first, "textures/a.png")) == "USDZ"


@pytest.mark.parametrize("start", ["v ", "vn ", "vt ", "f ", "o ", "g ", "mtllib ", "usemtl ", "s "])
def test_an_obj_may_begin_with_any_of_its_statements(start: str, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_text(f"# made by somebody\n\n  {start}1 2 3\n")
    assert file_type(path) == "OBJ"


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        *((b"glTF", "GLB"), (b"BLENDER", "BLEND"), (b"\x28\xb5\x2f\xfd", "BLEND"), (b"ply", "PLY")),
        *((b"Kaydara FBX Binary", "FBX"), (b"; FBX", "FBX"), (b"PXR-USDC", "USDZ")),
    ],
)
def test_a_file_is_what_it_begins_with(start: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(start + b" and so on")
    assert file_type(path) == kind


@pytest.mark.parametrize("format", ["GLB", "OBJ", "FBX", "USDZ", "ZIP"])
def test_a_file_of_csms_comes_in_each_of_its_formats(format: str) -> None:
    assert format in sessions_today._FORMATS


# Balances


KINDS = {"monthly": "monthly_bonus_points", "permanent": "permanent_points", "yearly": "year_points"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("written", [7, "7", 7.9, "7.9"])
def test_each_kind_of_points_is_told_as_its_own(kind: str, written: object) -> None:
    read = neural4d.balance({"statusType": 0, "data": {"total_points": 30, KINDS[kind]: written}})
    told = {"monthly": read.monthly, "permanent": read.permanent, "yearly": read.yearly}
    assert told == {**dict.fromkeys(KINDS, 0), kind: 7}
    assert (read.total, read.expires) == (30, "")


def test_all_kinds_and_the_day_on_which_points_lapse() -> None:
    data = {"total_points": "33", "monthly_bonus_points": 1, "permanent_points": 2, "year_points": 30}
    read = neural4d.balance({"statusType": 0, "data": {**data, "expiration_day": "2027-01-31"}})
    assert (read.total, read.monthly, read.permanent, read.yearly) == (33, 1, 2, 30)
    assert read.expires == "2027-01-31"


@pytest.mark.parametrize("answer", [{"credits": 5}, {"data": {"credits": 5}}, {"credits": "5.9"}])
def test_the_credits_of_csm_wherever_they_stand(answer: dict[str, Any]) -> None:
    assert sessions_today.balance(Http(answer)).total == 5  # type: ignore[arg-type]


# Refusals


@pytest.mark.parametrize(
    "name", ["message", "messege", "msg", "error", "detail", "errors", "title", "status_message", "reason"]
)
def test_a_sentence_is_found_under_each_of_its_names(name: str) -> None:
    assert refusals.sentence({"code": 7, name: "No such model"}) == "No such model"
    content = f'{{"{name}": "a bird in a tree is not allowed"}}'.encode()
    assert "tree" not in refusals.of_content(content, {"json": {"prompt": "bird in a tree"}})[1]


@pytest.mark.parametrize("place", ["path", "loc", "param", "field"])
def test_the_field_that_was_wrong_is_named_by_each_of_its_names(place: str) -> None:
    assert refusals.sentence({"errors": [{place: "seed", "msg": "not a number"}]}) == "seed: not a number"


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504])
def test_a_status_that_leaves_open_whether_it_acted(status: int) -> None:
    error = refusals.error_of("X", status, "", busy_for=None, asks_to_wait=False)
    assert type(error) is ServiceDown


@pytest.mark.parametrize("name", ["retry_after", "retryAfter", "retry-after"])
def test_the_wait_is_found_under_each_of_its_names(name: str) -> None:
    assert refusals.wait_of({name: "12"}, None) == 12.0


@pytest.mark.parametrize("said", ["insufficient points", "not enough credits", "no balance left", "out of funds"])
@pytest.mark.parametrize("more", ["", " in your account"])
def test_it_is_about_money(said: str, more: str) -> None:
    assert refusals.kind_of(said + more) is errors.NotEnoughPoints


@pytest.mark.parametrize(
    "said",
    [
        *("You have too few points", "The account lacks credits", "Quota exceeded", "Payment required"),
        *("insufficient API credits", "no free credit"),
    ],
)
def test_it_is_about_money_in_other_words(said: str) -> None:
    assert refusals.kind_of(said) is errors.NotEnoughPoints


@pytest.mark.parametrize(
    "said",
    [
        *("Your API key is wrong", "apikey missing", "The token has expired", "bearer expected", "Unauthorized"),
        *("You are unauthorised", "Wrong credentials", "invalid key", "Please authenticate", "no credential"),
    ],
)
def test_it_is_about_the_key(said: str) -> None:
    assert refusals.kind_of(said) is errors.KeyRejected


# What is shown to others


@pytest.mark.parametrize(
    "name",
    [
        *("prompt", "prompts", "text_prompt", "negative_prompt", "textPrompt", "title", "value", "name"),
        *("file_name", "filename", "original_name", "originalname", "file", "files", "description"),
    ],
)
def test_a_field_of_the_users_own_is_masked(name: str) -> None:
    assert Masker().value({name: "my aunt"}) == {name: "<text of 7 characters>"}


@pytest.mark.parametrize("name", ["id", "ids", "uuid", "uuids", "task_id", "taskId", "jobIds", "modelUuid", "fileKeys",
                                  "file_key", "file_keys", "session_code", "modelUUID"])  # fmt: skip
def test_a_field_of_an_id_is_masked(name: str) -> None:
    assert Masker().value({name: "abc"}) == {name: "id-1"}


# Money


REFUSALS = ("ServiceBusy", "KeyRejected", "NotEnoughPoints", "RequestRefused", "InvalidInput")
UNSENT = ("HeldBack", "ServiceUnreachable", "InvalidInput", "UnsupportedFeature", "QuoteMissing", "QuoteExpired")
OUTAGES = ("ServiceUnreachable", "AnswerLost", "ServiceDown", "DiskUnusable")


def test_what_passes_by_itself() -> None:
    found = [name for name, kind in vars(errors).items() if isinstance(kind, type) and getattr(kind, "outage", False)]
    assert sorted(found) == sorted(OUTAGES)


def test_what_says_that_nothing_happened() -> None:
    """By its own word, which somebody in its place may have given; and what never went out."""
    assert sorted(kind.__name__ for kind in paid_request.REFUSALS) == sorted(REFUSALS)
    base = errors.Neural4DError
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, base)]
    assert sorted(kind.__name__ for kind in kinds if paid_request.is_unsent(kind("x"))) == sorted(UNSENT)
    answered = errors.InvalidInput("x")
    answered.http = 422
    assert not paid_request.is_unsent(answered)


# The states of a job


def test_groups_of_states() -> None:
    assert {State.PLACED, State.FAILED, State.CANCELLED} == states.SETTLED
    assert {*states.SETTLED, State.QUEUED, State.CHOOSING_CUTOUT, State.READY} == states.IDLE
    assert {State.QUEUED, State.PREPARING_INPUT, State.CHOOSING_CUTOUT} == states.FREE_TO_CANCEL


# Background Blenders


@pytest.mark.parametrize(
    "said", ["Malloc alloc returns null: len=5", "MEM_calloc_arrayN alloc_array of 5", "std::bad_alloc", "MemoryError"]
)
def test_it_is_told_that_memory_was_short(said: str) -> None:
    with pytest.raises(errors.ModelTooLarge):
        blender_pool._look_for_hunger(f"Reading\n{said}\n".encode())
    with pytest.raises(errors.ModelTooLarge):
        blender_pool._look_for_hunger(b"OSError: Cannot allocate memory")
    blender_pool._look_for_hunger(b"Reading 5 objects")
