"""What is taken out of exchanges before they are kept: key, ids, addresses, prompts, pictures, names of files."""

from __future__ import annotations

import html
import io
import json
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from neural4d_blender.engine.http.exchange import Exchange
from neural4d_blender.engine.http.redaction import Masker, pattern, spellings, without
from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.server_facts import Server
from neural4d_blender.engine.steps import exchange_log
from neural4d_blender.engine.steps.active_job import ActiveJob
from tests.support.engine_process import EngineProcess
from tests.support.every_service import picture
from tests.support.simulator_client import Caller

KEY = 'a/b+c"d=ü%41'
UUID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def exchange(**values: Any) -> Exchange:
    told = {"at": 1.0, "seconds": 0.1, "url": "https://api.example:3000", "path": "/api/retrieveModel"}
    return Exchange(**{**told, "method": "POST", "paid": False, "form": False, "status": 200, **values})


@pytest.mark.parametrize(
    "spelled",
    [
        KEY,
        json.dumps(KEY)[1:-1],
        json.dumps(KEY).replace("/", "\\/")[1:-1],
        urllib.parse.quote(KEY),
        urllib.parse.quote_plus(KEY),
        re.sub("%..", lambda found: found[0].lower(), urllib.parse.quote(KEY, safe="")),
    ],
)
def test_the_key_in_every_spelling(spelled: str) -> None:
    shown = without({f"x {spelled}": [f"Bearer {spelled}."], "n": 1}, KEY)
    assert shown["n"] == 1
    assert KEY not in json.dumps(shown, ensure_ascii=False)
    assert spelled in spellings(KEY)
    assert "***" in json.dumps(shown)


@pytest.mark.parametrize(
    "spelled",
    [
        "".join(f"\\u{ord(letter):04x}" for letter in KEY),
        "".join(f"\\u{ord(letter):04X}" for letter in KEY),
        "a" + "".join(f"\\\\u{ord(letter):04x}" for letter in KEY[1:]),
        "".join(f"%{byte:02x}" for byte in KEY.encode()),
        urllib.parse.quote(urllib.parse.quote(KEY, safe=""), safe=""),
        "".join(f"%25{byte:02X}" for byte in KEY.encode()),
        json.dumps(json.dumps(KEY)[1:-1])[1:-1],
        html.escape(KEY).replace("&quot;", "&#34;"),
        "".join(f"&#x{ord(letter):X};" for letter in KEY),
        KEY.upper(),
        KEY.replace("/", "\\/"),
    ],
)
def test_the_key_letter_by_letter_in_other_spellings(spelled: str) -> None:
    assert without({f"x {spelled} y": [f"Bearer {spelled}."]}, KEY) == {"x *** y": ["Bearer ***."]}
    spelled_in_bytes = re.compile(pattern(KEY).encode(), re.IGNORECASE)
    if spelled.isascii():
        assert spelled_in_bytes.sub(b"***", f"x{spelled}y".encode()) == b"x***y"


def test_a_key_that_an_answer_spells_in_its_own_way_goes_no_further() -> None:
    """An error repeats it; what is told, recorded and kept word for word is without it."""
    key = "nd-secret/1234+"
    seen: list[Exchange] = []
    transport = Transport("Made-Up", "http://127.0.0.1:1", key, observer=seen.append)
    spelled = "".join(f"\\u{ord(letter):04X}" if number % 2 else letter for number, letter in enumerate(key))
    content = f'{{"message": "The key {spelled} is not known, nor {urllib.parse.quote(key, safe="")}."}}'.encode()
    response = SimpleNamespace(status_code=200, headers={}, raw=io.BytesIO(content))

    class Sessions:
        @contextmanager
        def lent(self, **_: Any) -> Iterator[Any]:
            response.iter_content = lambda _size: iter([content])
            yield SimpleNamespace(request=lambda *_a, **_k: nullcontext(response))

    transport._sessions = Sessions()  # type: ignore[assignment]
    answer = transport.call("/x", {}, paid=True)
    (exchange,) = seen
    for told in (answer, exchange.answer, exchange.raw):
        assert "***" in str(told)
        assert not [part for part in ("secret", "1234", "\\u0064") if part in str(told)]


def test_ids_are_stable_and_can_be_followed() -> None:
    masker = Masker()
    first = masker.exchange(exchange(fields={"uuid": UUID}, answer={"requestId": 4711, "message": f"No {UUID}."}))
    second = masker.exchange(
        exchange(path="/fetch/4711", answer={"uuids": [UUID], "session_code": "SESSION_1700000000_12"})
    )
    assert first["fields"] == {"uuid": "id-1"}
    assert first["answer"] == {"requestId": "id-2 (a number)", "message": "No id-1."}
    assert second["path"] == "/fetch/id-2"
    for path in ("/image-to-3d-sessions/get-3d/preview/SESSION_0_0", "/v3/sessions/?limit=1", "/api/v6/3d/text_to_3d"):
        assert masker.exchange(exchange(path=path))["path"] == path
    assert second["answer"] == {"uuids": ["id-1"], "session_code": "SESSION_id-3"}


def test_addresses_lose_their_signature_and_keep_their_host() -> None:
    url = "https://cos.example/2026/a%20red%20rocket-abc.glb?X-Signature=secret&Expires=1"
    shown = Masker().exchange(
        exchange(answer={"modelUrl": url, "again": f"See {url}", "next": "https://api.example:3000/api/v6/fetch/77001"})
    )
    assert shown["answer"]["modelUrl"] == "https://cos.example/id-1.glb?signed"
    assert shown["answer"]["again"] == "See https://cos.example/id-1.glb?signed"
    assert shown["answer"]["next"] == "https://api.example:3000/api/v6/fetch/id-2"


def test_what_is_the_users_own() -> None:
    masker = Masker(["a cute bird", "/home/me/my pictures/aunt.png", "aunt.png"])
    data = "data:image/png;base64," + "A" * 100_000
    fields = {"prompt": "something else", "image_url": data, "seed": 3, "modelCount": 1}
    answer = {
        "errors": [{"value": "something else", "msg": "something else is not let through", "path": "prompt"}],
        "echo": "you sent a cute bird of aunt.png, ann@example.org, C:\\Users\\ann\\x.png",
        "long": "word " * 1000,
        "data": {"total_points": 970},
    }
    shown = masker.exchange(exchange(fields=fields, answer=answer))
    assert shown["fields"] == {
        "prompt": "<text of 14 characters>",
        "image_url": f"<data URI, image/png, {len(data)} characters>",
        "seed": 3,
        "modelCount": 1,
    }
    assert shown["answer"]["errors"] == [
        {"value": "<text of 14 characters>", "msg": "<text of 14 characters> is not let through", "path": "prompt"}
    ]
    assert shown["answer"]["data"] == {"total_points": 970}
    text = json.dumps(shown)
    assert not re.search(r"cute bird|aunt|example\.org|Users", text)
    assert len(text) < 2500


def test_a_recording_is_bounded_and_keeps_what_was_paid(tmp_path: Path) -> None:
    active = ActiveJob(Job("one", "neural4d", {"prompt": "a cute bird"}))
    server = Server("neural4d")
    server.note("generation", "1.5.4")
    with exchange_log.of(active, tmp_path):
        exchange_log.observe(server, exchange(paid=True, path="/api/generateModelWithText", answer={"uuids": [UUID]}))
        for number in range(100):
            exchange_log.observe(server, exchange(answer={"n": number, "words": "so many words " * 20}))
    exchange_log.observe(server, exchange(answer="of no job"))
    path = tmp_path / "jobs" / "one" / exchange_log.NAME
    head, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert head == {"form": 1, "service": "neural4d", "facts": {"generation": "1.5.4"}}
    assert len(lines) == exchange_log.MOST
    assert path.stat().st_size <= exchange_log.MOST_BYTES
    assert (lines[0]["paid"], lines[-1]["answer"]["n"], lines[1]["answer"]["n"]) == (True, 99, 61)
    again = ActiveJob(active.job)  # the engine was started anew: stand-ins do not clash
    with exchange_log.of(again, tmp_path):
        exchange_log.observe(server, exchange(answer={"uuid": "0" + UUID[1:]}))
    last = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
    assert last["answer"] == {"uuid": "id-2"}


def test_a_recording_that_cannot_be_written_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("no folder", encoding="utf-8")
    active = ActiveJob(Job("one", "neural4d", {"prompt": "x"}))
    with exchange_log.of(active, tmp_path):
        exchange_log.observe(Server("neural4d"), exchange())
    assert active.recording is not None


def test_an_observer_that_fails_changes_nothing(service: Caller) -> None:
    def observer(_: Exchange) -> None:
        raise RuntimeError("of no interest")

    transport = Transport("Neural4D", service.sim.api_url, service.sim.token, observer=observer)
    assert transport.call("/api/queryPointsInfo")["statusType"] == 0


@pytest.mark.parametrize("generation", ["today", "2024"])
def test_an_engine_records_its_jobs(generation: str, service: Caller, tmp_path: Path) -> None:
    simulator = service.sim
    simulator.configure(generations={"neural4d": generation}, job_seconds=0.2)
    with EngineProcess(tmp_path, simulator.api_url, simulator.keys) as engine:
        image = picture(tmp_path)
        jobs = [engine.submit("a cute bird"), engine.submit("", images=[str(image)])]
        for job in jobs:
            engine.wait(job, "ready", "failed")
    for job in jobs:
        text = (tmp_path / "jobs" / job / exchange_log.NAME).read_text(encoding="utf-8")
        paths = [json.loads(line)["path"] for line in text.splitlines()[1:]]
        assert any(path.startswith("/api/generateModel") for path in paths)
        assert paths[-1] in ("/api/retrieveModel", "/api/queryPointsInfo")
        secrets = [simulator.token, "cute bird", str(tmp_path), "wooden chair", job, "Signature", "Expires"]
        known = [one["uuid"] for one in simulator.jobs()]
        assert [secret for secret in [*secrets, *known] if secret in text] == []


def test_unusual_values() -> None:
    masker = Masker()
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    shown = masker.value({"deep": deep, "odd": SimpleNamespace(), "many": list(range(80)), "none": None})
    assert "nested too deeply" in json.dumps(shown)
    assert shown["many"][-1] == "<30 more>"
    assert shown["odd"] == "<SimpleNamespace>"
