"""What a service says when it refuses: found wherever it stands, and never what was sent."""

from __future__ import annotations

import json

import pytest

from neural4d_blender.engine.errors import KeyRejected, NotEnoughPoints, RequestRefused, ServiceBusy, ServiceDown
from neural4d_blender.engine.http.refusals import error_of, of_content, sentence, wait_of

PROMPT = "a secret prompt of mine"
VALIDATION = {
    "errors": [
        {"type": "field", "value": PROMPT, "msg": "prompt is too long", "path": "prompt", "location": "body"},
        {"type": "field", "value": 5, "msg": "must be 1 to 4", "path": "modelCount", "location": "body"},
    ]
}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"message": "Please check  the\nprompt."}, "Please check the prompt."),
        ({"error": "Internal server error"}, "Internal server error"),
        ({"error": {"message": "No such model"}}, "No such model"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "not a number", "input": PROMPT}]}, "seed: not a number"),
        (VALIDATION, "prompt: prompt is too long; modelCount: must be 1 to 4"),
        ({"prompt": ["is required"]}, "prompt: is required"),
        ({"status": "error", "messege": "Bad spelling"}, "Bad spelling"),
        ({"code": 7, "value": PROMPT}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_its_sentence(answer: object, said: str) -> None:
    assert sentence(answer) == said
    assert PROMPT not in sentence(answer)


def test_of_a_web_page_nothing_is_shown_and_of_a_text_all() -> None:
    assert of_content(b"<!DOCTYPE html><p>Cannot POST /api/x") == (None, "")
    assert of_content(b"Unauthorized") == (None, "Unauthorized")
    assert len(of_content(json.dumps({"message": "x" * 5000}).encode())[1]) <= 240


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (401, "Unauthorized", KeyRejected),
        (401, "", KeyRejected),
        (403, "Generation is not available for the current account", RequestRefused),
        (403, "Invalid API key", KeyRejected),
        (403, "You have insufficient points", NotEnoughPoints),
        (403, "This feature requires a premium subscription", RequestRefused),
        (402, "Insufficient points or account restricted", NotEnoughPoints),
        (400, "modelCount: must be 1 to 4", RequestRefused),
        (400, "Too many requests from this user, please try again after a minute.", ServiceBusy),
        (429, "", ServiceBusy),
        (408, "", ServiceDown),
        (500, "Internal server error", ServiceDown),
        (503, "", ServiceDown),
    ],
)
def test_the_error_it_is(status: int, said: str, kind: type[Exception]) -> None:
    error = error_of("Neural4D", status, said, busy_for=None, asks_to_wait=False)
    assert type(error) is kind
    assert error.what.startswith(said.rstrip("."))
    assert "Neural4D" in error.what
    assert error.remedy


def test_503_with_a_wait_is_busy() -> None:
    assert isinstance(error_of("X", 503, "", busy_for=3.0, asks_to_wait=True), ServiceBusy)


@pytest.mark.parametrize(
    ("answer", "header", "seconds"),
    [({}, 5.0, 5.0), ({"retry_after": 7}, None, 7.0), ({"retry_after": "9"}, None, 9.0), ({}, None, None)],
)
def test_how_long_it_asks_to_wait(answer: dict[str, object], header: float | None, seconds: float | None) -> None:
    assert wait_of(answer, header) == seconds
