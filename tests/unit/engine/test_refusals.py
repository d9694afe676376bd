"""What a service says when it refuses: found wherever it stands, and never what was sent."""

from __future__ import annotations

import json

import pytest

from neural4d_blender.engine.errors import KeyRejected, NotEnoughPoints, RequestRefused, ServiceBusy, ServiceDown
from neural4d_blender.engine.http.refusals import error_of, of_content, sentence, wait_of
from neural4d_blender.engine.services.csm import calls as csm
from neural4d_blender.engine.services.goneural import responses as goneural
from neural4d_blender.engine.services.modelslab import responses as modelslab
from neural4d_blender.engine.services.neural4d import responses as neural4d
from tests.unit.engine.test_csm import Http

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


#: In refusals of every service, and in answers of any status.
PACE = ["Rate limit exceeded.", "You are rate-limited", "Ratelimit hit", "Too many requests", "Please slow down"]
MINUTE = ["Please try again after a minute.", "Try again in a minute", "Once a minute: come again later"]
BUSY = [f"The {what} {how}" for what in ("server", "model", "queue") for how in ("is busy", "busy", "is full", "full")]
ONE_TASK = [
    "You already have a task.",
    "This account already has one generation",
    "A job is already running",
    "Your task is already in progress",
    "A task is already queued",
    "A task of this kind already exists.",
    "There is a generation in progress",
    "Your last task is still running",
    "A job is currently running",
    "Only one task is allowed",
    "1 active job is the most",
    "Free accounts have one generation",
    "Tasks: limit of one",
    "There is a limit of 1 for jobs",
    "Tasks are made one at a time",
    "No two jobs at one time",
    "Not two generations at the same time",
    "Too many concurrent tasks",
    "Wait for your previous task",
    "Please wait for the other job to end.",
    "No new job until the current one is done",
    "Wait until the running generation has ended",
    "Task limit reached",
]


@pytest.mark.parametrize("said", PACE + MINUTE)
@pytest.mark.parametrize("name", ["Neural4D", "CSM", "GoNeural", "ModelsLab"])
def test_busy_in_a_refusal_of_any_service(name: str, said: str) -> None:
    error = error_of(name, 400, said, busy_for=None, asks_to_wait=False)
    assert isinstance(error, ServiceBusy)
    assert error.what.startswith(said.rstrip("."))


@pytest.mark.parametrize("said", PACE)
def test_busy_in_an_answer_of_neural4ds_that_is_none_by_its_status(said: str) -> None:
    with pytest.raises(ServiceBusy):
        neural4d.check_pace({"message": said}, "Neural4D")
    neural4d.check_pace({"message": said, "uuids": ["a"]}, "Neural4D")


@pytest.mark.parametrize("said", PACE + MINUTE)
def test_busy_in_an_answer_of_csms_that_is_none_by_its_status(said: str) -> None:
    with pytest.raises(ServiceBusy):
        csm.call(Http({"message": said, "statusCode": 400}), "/v3/sessions/")


@pytest.mark.parametrize("said", PACE + MINUTE + BUSY)
def test_busy_in_an_answer_of_modelslabs_that_is_none_by_its_status(said: str) -> None:
    assert isinstance(modelslab.refusal({"status": "error", "message": said}), ServiceBusy)


@pytest.mark.parametrize("said", ONE_TASK)
@pytest.mark.parametrize("status", [400, 403, 409, 429])
def test_one_task_at_a_time_at_goneural(status: int, said: str) -> None:
    error = error_of("GoNeural", status, said, busy_for=None, asks_to_wait=False)
    error.http, error.answer = status, {"message": said}
    assert goneural.refuses_a_second(error)
