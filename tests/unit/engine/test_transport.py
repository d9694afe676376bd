"""One request and its answer: what is sent, what is told of it, and what each kind of answer becomes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import (
    AnswerLost,
    HeldBack,
    KeyMissing,
    KeyRejected,
    Neural4DError,
    RequestRefused,
    ServiceBusy,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from neural4d_blender.engine.http import interruptible, retries
from neural4d_blender.engine.http import transport as http
from neural4d_blender.engine.http.exchange import Exchange
from neural4d_blender.engine.http.rate_limit import RateLimiter
from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.model.server_facts import Server
from neural4d_blender.engine.version import version
from tests.support.one_thread import StoppedClock
from tests.support.simulator_client import picture

KEY = "the-key-9f8e7d6c5b4a"


class Got:
    """A request as it came in."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.method, self.path, self.headers, self.body = handler.command, handler.path, handler.headers, body


@contextmanager
def answering(status: int = 200, body: bytes = b'{"a": 1}', **headers: str) -> Iterator[tuple[str, list[Got]]]:
    """A host that answers everything alike; its address and what came in."""
    came: list[Got] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(Got(self, self.rfile.read(int(self.headers.get("Content-Length") or 0))))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 (its own names)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", came
        server.shutdown()


def call(url: str, *arguments: Any, **named: Any) -> dict[str, Any]:
    return Transport("Service", url, KEY).call("/api/x", *arguments, **named)


def test_without_a_key_there_is_nobody_to_call() -> None:
    for key in ("", "  \n"):
        with pytest.raises(KeyMissing):
            Transport("Service", "https://x.example", key)


@pytest.mark.parametrize("key", ["a\nb", "schlüssel", "a\x00b", "a\u2028b"])
def test_a_key_that_no_header_can_carry(key: str) -> None:
    with pytest.raises(KeyRejected) as caught:
        Transport("Service", "https://x.example", key)
    assert key not in caught.value.what


# What is sent


def test_a_request_is_json_and_asks_for_nothing_packed() -> None:
    with answering() as (url, came):
        assert call(url, {"prompt": "p", "n": 2, "pbr": True}) == {"a": 1}
    (got,) = came
    assert (got.method, got.path, json.loads(got.body)) == ("POST", "/api/x", {"prompt": "p", "n": 2, "pbr": True})
    assert got.headers["Content-Type"] == "application/json"
    assert (got.headers["Accept-Encoding"], got.headers["User-Agent"]) == ("identity", f"neural4d-blender/{version()}")
    assert got.headers["Authorization"] == f"Bearer {KEY}"


def test_a_get_has_no_body() -> None:
    with answering() as (url, came):
        call(url, method="GET")
    assert (came[0].method, came[0].body) == ("GET", b"")


def test_a_form_of_texts_alone() -> None:
    with answering() as (url, came):
        call(url, {"prompt": "a bird", "pbr": True, "n": 2, "scale": 0.5}, form=True)
    body = came[0].body.decode()
    assert came[0].headers["Content-Type"].startswith("multipart/form-data")
    for name, value in (("prompt", "a bird"), ("pbr", "true"), ("n", "2"), ("scale", "0.5")):
        assert f'name="{name}"\r\n\r\n{value}\r\n' in body
    assert "filename" not in body


def test_a_form_with_pictures(tmp_path: Path) -> None:
    path = tmp_path / "mug.jpg"
    path.write_bytes(picture(kind="PNG"))
    with answering() as (url, came):
        call(url, {"pbr": False}, [("image", str(path)), ("image", str(path))])
    body = came[0].body
    assert body.count(b'name="image"; filename="mug.jpg"') == 2
    assert body.count(b"Content-Type: image/png") == 2, "what it is, not what it is called"
    assert body.count(path.read_bytes()) == 2
    assert b'name="pbr"\r\n\r\nfalse\r\n' in body


def test_a_key_in_a_field_is_in_no_header() -> None:
    with answering() as (url, came):
        Transport("Service", url, KEY, key_field="key").call("/api/x", {"prompt": "p"})
    assert json.loads(came[0].body) == {"prompt": "p", "key": KEY}
    assert KEY not in str(came[0].headers)


# What comes back


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"1", b"null", b'"text"', b"{"])
def test_what_is_no_json_object_is_unexpected(body: bytes) -> None:
    with answering(body=body) as (url, _), pytest.raises(UnexpectedAnswer):
        call(url)


def test_the_key_goes_no_further_than_here() -> None:
    body = json.dumps({"echo": f"Bearer {KEY}", KEY: [KEY]}).encode()
    with answering(body=body) as (url, _):
        assert KEY not in str(call(url))


@pytest.mark.parametrize("status", [400, 404, 422, 500])
def test_a_refusal_has_its_status_and_its_json(status: int) -> None:
    with answering(status, b'{"message": "No.", "code": 7}') as (url, _), pytest.raises(Neural4DError) as caught:
        call(url)
    error = caught.value
    assert (error.http, error.by_api, error.answer) == (status, True, {"message": "No.", "code": 7})
    assert error.what.startswith("No.")


def test_a_web_page_is_no_apis_refusal() -> None:
    with answering(404, b"<html>Not here</html>") as (url, _), pytest.raises(RequestRefused) as caught:
        call(url)
    assert (caught.value.http, caught.value.by_api, caught.value.answer) == (404, False, {})


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER", 100_000)
    with answering(body=b'{"a": "' + b"x" * 300_000 + b'"}') as (url, _), pytest.raises(Neural4DError):
        call(url)


def test_the_key_is_found_however_deep_it_stands() -> None:
    value = {"a": [KEY, {"b": (f"x{KEY}", 1, None)}], KEY: KEY}
    assert http.redaction.without(value, KEY) == {"a": ["***", {"b": ["x***", 1, None]}], "***": "***"}
    assert http.redaction.without(value, "") == value


# Told to wait


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (b"{}", {"Retry_After": "7"}, 7.0),
        (b'{"retry_after": 9}', {}, 9.0),
        (b"{}", {}, 60.0),
        (b"{}", {"Retry_After": "nonsense"}, 60.0),
        (b"{}", {"Retry_After": "-5"}, 0.0),
        (b"{}", {"Retry_After": "999999"}, 3600.0),
    ],
)
def test_the_wait_that_a_refusal_asks_for(body: bytes, headers: dict[str, str], seconds: float) -> None:
    with answering(429, body, **headers) as (url, came):
        service = Transport("Service", url, KEY)
        with pytest.raises(ServiceBusy) as caught:
            service.call("/api/x", paid=True)
        assert (caught.value.retry_after, caught.value.noted) == (pytest.approx(seconds), True)
        if seconds:
            for check in (lambda: service.call("/api/x", paid=True), lambda: service.check_pace(paid=True)):
                with pytest.raises(HeldBack) as held:
                    check()
                assert 0 < (held.value.retry_after or 0) <= seconds + 0.01
    assert len(came) == 1, "nothing more was sent"


def test_an_answer_of_its_own_may_ask_for_it_too() -> None:
    with answering() as (url, came):
        service = Transport("Service", url, KEY)
        assert service.slow_down(30.0, paid=False) == 30.0
        with pytest.raises(HeldBack):
            service.call("/api/x")
    assert came == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("12", 12.0), ("0", 0.0), ("", None), (None, None), ("soon", None), ("Thu, 01 Jan 1970 00:00:90 GMT", None)],
)
def test_the_header_that_says_when(header: str | None, seconds: float | None) -> None:
    assert retries.retry_after(header, 1000.0) == seconds


def test_waits_between_tries_grow_to_a_ceiling() -> None:
    class Chance:
        def __init__(self, part: float) -> None:
            self.part = part

        def uniform(self, low: float, high: float) -> float:
            return low + (high - low) * self.part

    least, most = ([retries.backoff(n, 0.5, 4.0, chance=Chance(part)) for n in range(6)] for part in (0.0, 1.0))  # type: ignore[arg-type]
    assert most == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert least == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]


# What is told of it


def test_whoever_observes_is_told_all_but_the_key(tmp_path: Path) -> None:
    told: list[Exchange] = []
    path = tmp_path / "mug.png"
    path.write_bytes(picture(kind="PNG"))
    with answering(body=json.dumps({"echo": KEY}).encode()) as (url, _):
        service = Transport("Service", url, KEY, key_field="key", observer=told.append)
        service.call("/api/x", {"prompt": "p"}, paid=True)
        service.call("/api/y", {"n": 1}, [("image", str(path))])
        service.call("/api/z", {"n": 1}, form=True)
        service.call("/api/g", method="GET")
    plain, form, texts, get = told
    assert (plain.url, plain.path, plain.method, plain.paid, plain.form) == (url, "/api/x", "POST", True, False)
    assert (plain.fields, plain.status, plain.answer, plain.error) == (
        {"prompt": "p", "key": "***"},
        200,
        {"echo": "***"},
        "",
    )
    assert (form.form, form.fields["n"], form.paid) == (True, "1", False)
    (file,) = form.files
    assert (file["field"], file["type"], file["bytes"]) == ("image", "image/png", path.stat().st_size)
    assert (texts.form, texts.fields["n"], texts.files) == (True, "1", [])
    assert (get.method, get.fields, get.form) == ("GET", {}, False)
    assert all(one.seconds >= 0 and one.at > 0 for one in told)
    assert KEY not in repr(told)


@pytest.mark.parametrize(
    ("status", "body", "error"), [(400, b'{"message": "No."}', "RequestRefused"), (200, b"x", "UnexpectedAnswer")]
)
def test_whoever_observes_is_told_of_trouble_too(status: int, body: bytes, error: str) -> None:
    told: list[Exchange] = []
    with answering(status, body) as (url, _), pytest.raises(Neural4DError):
        Transport("Service", url, KEY, observer=told.append).call("/api/x")
    assert (told[0].status, told[0].error) == (status, error)


def test_what_never_left_is_told_without_a_status() -> None:
    told: list[Exchange] = []
    with pytest.raises(Neural4DError):
        Transport("Service", "http://127.0.0.1:9", KEY, observer=told.append).call("/api/x")
    assert (told[0].status, told[0].answer, told[0].error) == (None, None, "ServiceUnreachable")


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("error", [http.requests.ConnectionError(KEY), OSError(KEY), ValueError(KEY)])
def test_whatever_the_library_raises_is_translated(
    error: Exception, left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        sent = interruptible.current()
        assert sent is not None
        sent.left = left
        raise error

    monkeypatch.setattr(http.requests.Session, "request", fail)
    told: list[Exchange] = []
    with pytest.raises(Neural4DError) as caught:
        Transport("Service", "https://x.example", KEY, observer=told.append).call("/api/x", {"n": 1}, paid=True)
    expected = (UnexpectedAnswer if type(error) is ValueError else AnswerLost) if left else ServiceUnreachable
    assert type(caught.value) is expected
    assert KEY not in f"{caught.value.what}{caught.value.remedy}{told}"
    assert caught.value.__cause__ is None, "its text may hold headers"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (http.requests.exceptions.ProxyError("x"), "proxy"),
        (http.requests.exceptions.InvalidProxyURL("x"), "proxy"),
        (OSError("SOCKS server said no"), "proxy"),
        (http.requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "certificate"),
        (http.requests.exceptions.SSLError("[SSL: WRONG_VERSION_NUMBER]"), "encrypted"),
        (http.requests.exceptions.InvalidURL("x"), "InvalidURL"),
        (http.requests.exceptions.ConnectTimeout("x"), "no connection"),
        (OSError("x"), "no connection"),
    ],
)
def test_what_kept_it_from_leaving_is_said(error: Exception, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(http.requests.Session, "request", fail)
    with pytest.raises(ServiceUnreachable) as caught:
        Transport("Service", "https://x.example", KEY).call("/api/x")
    assert words.lower() in caught.value.what.lower()
    assert caught.value.remedy


@pytest.mark.parametrize(("paid", "seconds"), [(True, "180"), (False, "30")])
def test_an_answer_that_does_not_come_is_lost_after_its_time(
    paid: bool, seconds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        sent = interruptible.current()
        assert sent is not None
        sent.left = True
        raise http.requests.exceptions.ReadTimeout("x")

    monkeypatch.setattr(http.requests.Session, "request", fail)
    with pytest.raises(AnswerLost, match=f"within {seconds} s"):
        Transport("Service", "https://x.example", KEY).call("/api/x", paid=paid)


# Several addresses


def test_the_address_that_could_be_reached_is_asked_first_from_then_on() -> None:
    told: list[Exchange] = []
    with answering() as (url, _):
        service = Transport("Service", "http://127.0.0.1:9", KEY, others=[url], observer=told.append)
        assert service.url == "http://127.0.0.1:9"
        for _ in range(2):
            service.call("/api/x")
        assert service.url == url
    assert [one.url for one in told] == ["http://127.0.0.1:9", url, url]


@pytest.mark.parametrize("status", [400, 500])
def test_an_address_that_answers_is_the_one(status: int) -> None:
    """Whatever it says: a second address would be asked for what may have been done."""
    with answering(status) as (first, _), answering() as (second, came), pytest.raises(Neural4DError):
        Transport("Service", first, KEY, others=[second]).call("/api/x", paid=True)
    assert came == []


def test_an_answer_that_is_lost_is_not_asked_for_elsewhere() -> None:
    with answering(Content_Length="999") as (first, _), answering() as (second, came), pytest.raises(AnswerLost):
        Transport("Service", first, KEY, others=[second]).call("/api/x", paid=True)
    assert came == []


# The pace


@pytest.fixture
def limiter() -> RateLimiter:
    clock = StoppedClock()
    made = RateLimiter(Server(), clock=clock.now)
    made.passes = clock.sleep  # type: ignore[attr-defined]
    return made


def let_go(limiter: RateLimiter, *, paid: bool, times: int) -> None:
    for _ in range(times):
        assert limiter.enter(paid=paid) == 0.0
        limiter.passes(1.0)  # type: ignore[attr-defined]


def test_as_many_as_went_well_in_a_minute_are_let_go_and_no_more(limiter: RateLimiter) -> None:
    let_go(limiter, paid=True, times=6)  # the sixth is refused
    assert limiter.refused(paid=True, seconds=2.0) == 2.0
    limiter.passes(2.0)  # type: ignore[attr-defined]
    assert limiter.wait(paid=True) == pytest.approx(60 * 1.03 - 8), "until the first of the five is over a minute old"
    assert limiter.wait(paid=False) == 0.0, "the other kind is let go as before"
    limiter.passes(limiter.wait(paid=True) + 0.01)  # type: ignore[attr-defined]
    assert limiter.enter(paid=True) == 0.0
    assert limiter.wait(paid=True) > 0


@pytest.mark.parametrize(("paid", "least"), [(True, 1), (False, 3)])
def test_so_many_are_tried_whatever_was_refused(limiter: RateLimiter, paid: bool, least: int) -> None:
    let_go(limiter, paid=paid, times=1)
    limiter.refused(paid=paid, seconds=0.0)
    let_go(limiter, paid=paid, times=least)
    assert limiter.wait(paid=paid) > 0


def test_where_none_went_well_both_kinds_are_limited(limiter: RateLimiter) -> None:
    """They may count together there: what has filled the minute is of the other kind."""
    let_go(limiter, paid=False, times=5)
    let_go(limiter, paid=True, times=1)
    limiter.refused(paid=True, seconds=0.0)
    assert limiter.wait(paid=False) > 0


def test_where_some_went_well_only_that_kind_is(limiter: RateLimiter) -> None:
    let_go(limiter, paid=False, times=5)
    let_go(limiter, paid=True, times=3)
    limiter.refused(paid=True, seconds=0.0)
    assert limiter.wait(paid=False) == 0.0
    assert limiter.wait(paid=True) > 0


def test_a_limit_that_was_not_met_for_long_is_raised_by_one(limiter: RateLimiter) -> None:
    let_go(limiter, paid=True, times=3)
    limiter.refused(paid=True, seconds=0.0)
    limiter.passes(599.0)  # type: ignore[attr-defined]
    let_go(limiter, paid=True, times=2)
    assert limiter.wait(paid=True) == 0.0, "ten minutes are over by now"
    let_go(limiter, paid=True, times=1)
    assert limiter.wait(paid=True) > 0


def test_refusals_in_a_row_make_the_wait_longer_until_one_goes_well(limiter: RateLimiter) -> None:
    assert [limiter.refused(paid=True, seconds=10.0) for _ in range(3)] == [10.0, 15.0, 22.5]
    for _ in range(10):
        limiter.refused(paid=True, seconds=10.0)
    assert limiter.refused(paid=True, seconds=10.0) == 100.0
    limiter.accepted()
    assert limiter.refused(paid=True, seconds=10.0) == 10.0


def test_a_later_refusal_does_not_make_the_wait_shorter(limiter: RateLimiter) -> None:
    limiter.refused(paid=True, seconds=50.0)
    until = limiter.until
    limiter.accepted()
    limiter.refused(paid=False, seconds=1.0)
    assert limiter.until == until


def test_a_wait_that_nobody_can_read_is_none() -> None:
    server = Server()
    server.note("slow until", "tomorrow")
    assert RateLimiter(server).until == 0.0
