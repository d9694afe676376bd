"""The record of a job's exchanges holds nothing that the user wrote, or that names their files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neural4d_blender.engine.http.exchange import Exchange
from neural4d_blender.engine.http.redaction import Masker
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.server_facts import Server
from neural4d_blender.engine.steps import exchange_log
from neural4d_blender.engine.steps.active_job import ActiveJob

OWN = {
    "prompt": {"prompt": "auntie"},
    "name": {"name": "auntie"},
    "group": {"group": "auntie"},
    "image": {"images": ["/pictures/auntie.png"]},
    "view": {"views": {"left": "/pictures/auntie.png"}},
    "reference": {"references": ["/pictures/auntie.png"]},
    "original": {"originals": ["/pictures/auntie.png"]},
}


def exchange(answer: object, *, paid: bool = False) -> Exchange:
    return Exchange(1.0, 0.1, "https://api.example", "/api/x", "POST", paid, False, status=200, answer=answer)


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "jobs" / "1" / exchange_log.NAME).read_text().splitlines()[1:]]


@pytest.mark.parametrize("request_", OWN.values(), ids=OWN)
@pytest.mark.parametrize("said", ["auntie is not let through", "auntie.png is too small", "/pictures/auntie.png: no"])
def test_what_is_the_users_own_is_not_kept(request_: dict[str, object], said: str, tmp_path: Path) -> None:
    if ".png" in said and not any(name in request_ for name in ("images", "views", "references", "originals")):
        said = "auntie"
    with exchange_log.of(ActiveJob(Job("1", "neural4d", request_)), tmp_path):
        exchange_log.observe(Server("neural4d"), exchange({"msg": said}))
    assert "auntie" not in json.dumps(lines(tmp_path))


def test_an_exchange_that_is_too_long_is_kept_without_its_words(tmp_path: Path) -> None:
    with exchange_log.of(ActiveJob(Job("1", "neural4d", {})), tmp_path):
        exchange_log.observe(Server("neural4d"), exchange([["many more words than this"] * 50] * 50))
    (line,) = lines(tmp_path)
    assert (line["status"], line["fields"]) == (200, {})
    assert str(line["answer"]).endswith("characters>")


def test_the_oldest_that_cost_nothing_goes_first(tmp_path: Path) -> None:
    with exchange_log.of(ActiveJob(Job("1", "neural4d", {})), tmp_path):
        for number in range(exchange_log.MOST + 3):
            exchange_log.observe(Server("neural4d"), exchange({"n": number}, paid=number in (0, 2)))
    kept = [line["answer"]["n"] for line in lines(tmp_path)]  # type: ignore[index]
    assert kept == [0, 2, *range(5, exchange_log.MOST + 3)]


def test_nothing_is_kept_of_what_belongs_to_no_job(tmp_path: Path) -> None:
    with exchange_log.of(ActiveJob(Job("1", "neural4d", {})), tmp_path):
        pass
    exchange_log.observe(Server("neural4d"), exchange({}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://cdn.example", "https://cdn.example"),
        ("https://cdn.example/", "https://cdn.example/"),
        ("https://cdn.example/?key=1", "https://cdn.example/?signed"),
        ("https://cdn.example/a/b.glb?x=1", "https://cdn.example/id-1.glb?signed"),
        ("https://user:pass@cdn.example/a", "https://cdn.example/id-1"),
    ],
)
def test_of_an_address_the_host_stays(address: str, shown: str) -> None:
    assert Masker().value({"url": address}) == {"url": shown}


def test_the_longer_of_two_texts_of_the_users_goes_first() -> None:
    masker = Masker(["auntie", "auntie in the garden, with roses"])
    assert masker.value({"msg": "no auntie in the garden, with roses"}) == {"msg": "no <text of 32 characters>"}
