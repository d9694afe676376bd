"""The live check, run against the stand-in in both generations and with its oddities: what its summary says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts import live_check
from scripts.livecheck import check as running
from scripts.livecheck.files import draw_picture, format_of
from scripts.livecheck.session import PROMPT, Timing
from scripts.simulator.launcher import SERVICES, Simulator
from scripts.toolbox.console import ToolError
from tests.support.every_service import WEB_PICTURE

QUICK = Timing(poll=0.05, patience=20.0, booking=3.0, minute=1.0)


@pytest.fixture(scope="module")
def services() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.1, matting_seconds=0.0, picture_seconds=0.0, texture_size=64) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def comparing() -> Iterator[Simulator]:
    """The stand-in that the services, which are a stand-in here too, are compared with."""
    with Simulator(job_seconds=0.1, matting_seconds=0.0, picture_seconds=0.0, texture_size=64) as simulator:
        yield simulator


@pytest.fixture
def service(services: Simulator) -> Simulator:
    services.reset()
    return services


def check(simulator: Simulator, folder: Path, name: str, **order: Any) -> tuple[dict[str, Any], str]:
    """Run it; the summary as JSON and as text."""
    asked = {"most": 1000, "any_price": True, "picture_url": WEB_PICTURE, "timing": QUICK, **order}
    running.check(running.Order(service=name, url=simulator.api_url, key=simulator.keys[name], out=folder, **asked))
    found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return found, (folder / "summary.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Case:
    """``said``: parts of the summary. ``differs``: parts of what differs; empty where nothing does."""

    service: str
    generation: str = "today"
    settings: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "-".join([self.service, self.generation, *map(str, self.settings)])


CASES = [
    Case(
        "neural4d",
        settings={"ids": "honoured", "points_told": "null"},
        said=(
            "They come back: the answer names the models by them.",
            "The service knows them when it is asked.",
            "the service names no price, the balance fell by 30 at once, documented are 30",
        ),
    ),
    Case(
        "neural4d",
        settings={"ids": "echoed", "points_told": "absent"},
        said=("The service does not know them when asked. So its own word on them is wrong",),
        differs=("The text job was accepted, and the service does not know it.",),
    ),
    Case(
        "neural4d",
        settings={"ids": "mixed", "booking_seconds": 1.5},
        said=("the service says 30 points, the balance fell by 30 late, ", "s after the answer"),
        differs=("text: the balance showed the purchase", "image: the balance showed the purchase"),
    ),
    Case(
        "neural4d",
        settings={"moderated_words": ["wooden"], "matting": True},
        said=("text: It came to no model. RequestRefused:", "image: It became image.glb, GLB"),
        differs=("The text job: RequestRefused:",),
    ),
    Case(
        "neural4d",
        settings={"account": "restricted"},
        said=("text: It came to no model. NotEnoughPoints:", "Nothing was bought.", "went from 1000 to 1000"),
        differs=("The text job: NotEnoughPoints", "The image job: NotEnoughPoints"),
    ),
    Case(
        "neural4d",
        settings={"account": "not_allowed"},
        said=("text: It came to no model. RequestRefused:",),
        differs=("The text job: RequestRefused", "The image job: RequestRefused"),
    ),
    Case(
        "neural4d",
        settings={"calls_per_minute": 3, "limit_window": 1.0, "limit_counts": "all"},
        said=("The service asked to slow down", "text: It became text.glb", "image: It became image.glb"),
    ),
    Case(
        "neural4d",
        "2024",
        {"prices": {"text": 60, "image": 99}},
        said=("This is the one of 2024", "The product noted generation: 1.2", "documented are 30, or 80 in 2024"),
        differs=("image: it cost 99 points; 30 are documented.",),
    ),
    Case(
        "csm",
        settings={"csm_output": "flat", "csm_price_told": True},
        said=(
            "This is today's",
            "The account holds 1000 credits.",
            "text, picture: ",
            "image: It became image.glb, GLB",
        ),
    ),
    Case(
        "csm",
        "2024",
        said=("This is the one of 2024", "image, preview: ", "image, refine: ", "text: This server of CSM makes no"),
    ),
    Case(
        "goneural",
        settings={"goneural_answer": "urls"},
        said=("This is today's", "text: It became text.glb", "the service says 30 credits"),
    ),
    Case("goneural", "2024", said=("This is the one of 2024", "image: It became image.glb")),
    Case(
        "modelslab",
        settings={"modelslab_mislabelled": True},
        said=("This is today's", "image: It became image."),
        differs=("file: The file's address says OBJ, and it is GLB by its content.",),
    ),
    Case(
        "modelslab",
        "2024",
        said=("This is the one of 2024", "image: It became image.obj, OBJ"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_it_says(case: Case, service: Simulator, tmp_path: Path) -> None:
    service.configure(generations=dict.fromkeys(SERVICES, case.generation), **case.settings)
    found, text = check(service, tmp_path, case.service)
    for part in case.said:
        assert part in text, text
    for part in case.differs:
        assert any(part in sentence for sentence in found["differences"]), (part, found["differences"])
    if not case.differs:
        assert found["differences"] == []
    bought = [row for row in service.ledger(case.service) if row["points"]]
    assert len(found["costs"]) == len(bought), "what the ledger knows is what it says was bought"


@pytest.mark.parametrize(("name", "generation"), [("neural4d", "today"), ("neural4d", "2024"), ("csm", "today")])
def test_compared_with_the_stand_in(
    name: str, generation: str, service: Simulator, comparing: Simulator, tmp_path: Path
) -> None:
    asked = []

    @contextmanager
    def stand_in(wanted: str) -> Iterator[Simulator]:
        asked.append(wanted)
        comparing.reset()
        comparing.configure(generations=dict.fromkeys(SERVICES, wanted))
        yield comparing

    service.configure(generations=dict.fromkeys(SERVICES, generation))
    found, text = check(service, tmp_path, name, stand_in=stand_in)
    assert found["differences"] == []
    assert asked == [generation]
    assert "held against the documents and against the stand-in" in text
    assert found["files"].keys() == {"text", "image"}
    written = "".join(
        (tmp_path / file).read_text(encoding="utf-8") for file in ("exchanges.jsonl", "summary.md", "summary.json")
    )
    ids = [one["uuid"] for one in service.jobs() if one["service"] == name]
    for secret in (service.keys[name], PROMPT, "Signature", "Expires", *ids):
        assert secret not in written


def test_what_is_unlike_the_documents_and_the_stand_in(
    service: Simulator, comparing: Simulator, tmp_path: Path
) -> None:
    @contextmanager
    def stand_in(_: str) -> Iterator[Simulator]:
        comparing.reset()
        yield comparing

    service.set_fault("retrieveModel", "set_field", times=None, field="colour", value="red")
    service.set_fault("queryPointsInfo", "set_field", times=None, field="message", value=None)
    found, _ = check(service, tmp_path, "neural4d", stand_in=stand_in)
    assert any("queryPointsInfo answers 200: message" in sentence for sentence in found["differences"])
    assert "retrieveModel (HTTP 200) has colour (text), which the stand-in has not." in found["differences"]
    assert any("queryPointsInfo (HTTP 200): message is null, and text at" in one for one in found["differences"])


def test_nothing_is_spent_beyond_what_was_agreed_to(service: Simulator, tmp_path: Path) -> None:
    found, text = check(service, tmp_path / "free", "neural4d", most=0)
    assert service.spent == 0
    assert found["jobs"] == {}
    assert "Everything that costs points: --max-points is 0." in text
    found, text = check(service, tmp_path / "less", "neural4d", most=59)
    assert service.spent == 0, "a prompt may cost 60 by the older document"
    assert "It may cost 60 points by the documents, and 59 may be spent." in text
    found, text = check(service, tmp_path / "one", "neural4d", most=100)
    assert service.spent == 30, "70 are left, and an image may cost 80"
    service.configure(generations={"csm": "2024"})
    for name, reason in (
        ("csm", "does not tell what the account holds"),
        ("goneural", "it could cost all of the 1000"),
    ):
        found, text = check(service, tmp_path / name, name, most=500, any_price=False)
        assert service.spent_at(name) == 0
        assert reason in text
    assert found["differences"] == []


def test_an_answer_that_is_lost_is_sent_once(service: Simulator, tmp_path: Path) -> None:
    service.set_fault("generateModelWithText", "reset_after", after=2)  # two probes go there first
    found, text = check(service, tmp_path, "neural4d")
    assert [row["operation"] for row in service.ledger("neural4d")] == ["text", "image"]
    assert "text: It came to no model. AnswerLost:" in text
    assert found["costs"][0]["fell"] == 30


def test_it_could_not_run(
    service: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--service", "neural4d", "--max-points", "0", "--url", service.api_url, "--out", str(tmp_path)]
    monkeypatch.delenv("NEURAL4D_API_TOKEN", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert live_check.main(arguments) == live_check.IMPOSSIBLE
    assert "set NEURAL4D_API_TOKEN in the environment" in capsys.readouterr().err
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "not-the-key")
    monkeypatch.setattr(live_check, "_stand_in", lambda name: (None, "this is a test."))
    assert live_check.main(arguments) == live_check.IMPOSSIBLE
    assert "did not accept the key" in capsys.readouterr().err
    monkeypatch.setenv("NEURAL4D_API_TOKEN", service.token)
    assert live_check.main([*arguments, "--json"]) == live_check.FITS
    assert json.loads(capsys.readouterr().out)["generation"] == "today"
    with pytest.raises(SystemExit):
        live_check.main(["--service", "neural4d", "--max-points", "-1"])
    with pytest.raises(ToolError, match="cannot be reached"):
        running.check(running.Order("neural4d", "http://127.0.0.1:9", "key", 0, tmp_path / "none", timing=QUICK))


def test_the_picture_and_what_files_are(tmp_path: Path) -> None:
    assert draw_picture(tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    for name, content, format in (
        ("a", b"# made by\nv 0 0 0\n", "OBJ"),
        ("b", b"PK\x03\x04...", "ZIP"),
        ("c", b"<html>", ""),
    ):
        (tmp_path / name).write_bytes(content)
        assert format_of(tmp_path / name) == format
