"""Every recording in tests/recorded is replayed: the providers read each answer, and ask in the recorded shape.

A folder that a user attaches, of the live check or of a job, can be dropped in as it is. A request that no call of
the provider makes (a probe of the live check) is passed over.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine import errors
from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.model.server_facts import Server as Facts
from neural4d_blender.engine.services import PROVIDERS
from scripts.livecheck.field_shapes import fields
from scripts.livecheck.files import draw_picture
from tests.support import replay

RECORDINGS = sorted(replay.FOLDER.glob("*/exchanges.jsonl"))
#: Fields that the product sends as it is asked to, and not with every request.
_MAY_BE_ABSENT = {"uuids"}


def test_there_are_recordings() -> None:
    assert RECORDINGS


@pytest.mark.parametrize("path", RECORDINGS, ids=[path.parent.name for path in RECORDINGS])
def test_a_recording(path: Path, tmp_path: Path) -> None:
    assert play(replay.Recording.read(path), tmp_path), "no request of the product's is in it"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"fields": {"uuid": 1}}, "asked"),
        ({"path": "/api/retrieveModels"}, "no request"),
        ({"answer": {"codeStatus": "0"}}, "codeStatus"),
        ({"answer": {}, "status": 418}, "418"),
    ],
)
def test_what_does_not_fit_is_noticed(change: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    recording = replay.Recording.read(replay.FOLDER / "made-up-neural4d-today" / "exchanges.jsonl")
    (right, *_) = (one for one in recording.exchanges if one["path"] == "/api/retrieveModel" and one["status"] == 200)
    with pytest.raises(AssertionError, match=complaint):
        assert play(replay.Recording("neural4d", {}, [{**right, **change}]), tmp_path), "no request"


def play(recording: replay.Recording, folder: Path) -> int:
    """Have the provider ask for each answer; how many requests of the product's there were."""
    declared = PROVIDERS[recording.service].declaration
    picture = str(draw_picture(folder / "picture.png"))
    facts = Facts(recording.service, "")
    asked = 0
    with replay.Server(recording.exchanges).running() as server:
        while exchange := server.next:
            place = f"exchange {len(server.asked) + 1}: {exchange['method']} {exchange['path']}"
            _know(facts, exchange.get("facts", recording.facts if not server.asked else None))
            transport = Transport(
                declared.name,
                server.url,
                "a-key-of-nobodys",
                key_header=declared.key_header,
                key_field=declared.key_field,
                connect=5.0,
                read=5.0,
                paid=5.0,
            )
            provider = PROVIDERS[recording.service](transport, facts)
            call = replay.call_for(provider, exchange, picture)
            first = len(server.asked)
            if call is None or exchange.get("aside"):
                server.pass_over()
                continue
            error = _outcome(call)
            assert len(server.asked) > first, f"{place}: nothing was sent ({error})"
            assert error is None or isinstance(error, errors.Neural4DError), f"{place}: {error!r}"
            unread = isinstance(error, errors.UnexpectedAnswer | errors.TransportError | errors.RequestRefused)
            assert not unread or not _went_well(exchange), f"{place}: {error}"
            for sent, recorded in zip(server.asked[first:], recording.exchanges[first:], strict=False):
                assert _shape(sent) == _shape(recorded), f"{place}: this was asked"
            asked += 1
    return asked


def _know(facts: Facts, known: dict[str, str] | None) -> None:
    """What is known of the server is this, and nothing else; None: what the replay has found out so far."""
    for name in [] if known is None else [*facts.facts]:
        facts.note(name, "")
    for name, value in (known or {}).items():
        facts.note(name, value)


def _went_well(exchange: dict[str, Any]) -> bool:
    """The product had no complaint, and the answer itself is none: some services refuse with HTTP 200."""
    said = exchange["answer"] if isinstance(exchange["answer"], dict) else {}
    return not exchange["error"] and said.get("status") != "error" and "limitType" not in said


def _outcome(call: Any) -> Exception | None:
    try:
        call()
    except Exception as error:
        return error
    return None


def _shape(exchange: dict[str, Any]) -> dict[str, Any]:
    """What has to be the same: where to, the fields with their kinds, the files."""
    names = {one for one in fields(exchange["fields"]) if one[0].partition("[")[0] not in _MAY_BE_ABSENT}
    files = sorted((file["field"], file["type"]) for file in exchange["files"])
    return {"method": exchange["method"], "path": exchange["path"], "fields": names, "files": files}
