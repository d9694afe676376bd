"""The protocol's own client drives every tool of a real server, which runs a real engine on the stand-in services."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, ClientSession, StdioServerParameters, stdio_client
from mcp.types import CallToolResult

from neural4d_blender.agents.agent_session import AgentSession
from neural4d_blender.agents.folders import Folders
from neural4d_blender.agents.server import Server
from neural4d_blender.agents.settings import AgentSettings
from neural4d_blender.agents.tool_results import MAX_PICTURE
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import PREPARER, ROOT
from tests.support.simulator_client import Caller, picture


class Asked:
    """A session whose every answer is looked through for keys."""

    def __init__(self, session: ClientSession, keys: list[str]) -> None:
        self.session, self.keys = session, keys
        self.progress: list[float] = []
        self.last: CallToolResult | None = None

    async def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a tool answers, or its error."""

        async def told(progress: float, total: float | None, message: str | None) -> None:
            assert total == 1.0
            self.progress.append(progress)

        answer = await self.session.call_tool(tool, arguments, progress_callback=told)
        assert isinstance(answer, CallToolResult)
        self.last = answer
        text = answer.model_dump_json()
        assert not any(key in text for key in self.keys)
        values = answer.structured_content
        assert values is not None
        assert json.loads(answer.content[0].text) == values  # type: ignore[union-attr]
        assert answer.is_error == (set(values) == {"error"})
        return values

    async def refused(self, tool: str, **arguments: Any) -> str:
        """The code of the error, which says what to do."""
        error = (await self(tool, **arguments))["error"]
        assert error["what"]
        assert error["remedy"]
        return str(error["code"])


def run(sim: Simulator, folder: Path, work: Callable[[Asked], Awaitable[None]], agent: str = "claude") -> None:
    """Have a client work with a server of its own on that folder."""
    (folder / "files").mkdir(exist_ok=True)
    environment = {**os.environ, **sim.environment, "NEURAL4D_DATA_DIR": str(folder / "data"), "PATH": ""}
    environment["NEURAL4D_ALLOWANCE_DAY"] = "100000"  # an agent has none by itself
    arguments = ["-m", "neural4d_blender", "mcp", "--folder", str(folder / "files"), "--agent", agent]
    server = StdioServerParameters(command=sys.executable, args=arguments, env=environment, cwd=str(ROOT))

    async def session() -> None:
        with (folder / "server.log").open("a", encoding="utf-8") as log:
            async with stdio_client(server, errlog=log) as pipes, ClientSession(*pipes) as client:
                await client.initialize()
                await work(Asked(client, list(sim.keys.values())))

    anyio.run(session)


@pytest.mark.parametrize("generation", ["today", "2024"])
def test_a_model_from_quote_to_file(service: Caller, tmp_path: Path, generation: str) -> None:
    sim = service.sim
    sim.configure(generations={"neural4d": generation})

    async def work(ask: Asked) -> None:
        listed = (await ask("services"))["services"]
        assert [one["id"] for one in listed] == ["neural4d", "csm", "goneural", "modelslab"]
        assert all(one["key_is_set"] for one in listed)
        assert "http" not in json.dumps(listed), "no address is told, and none can be set"
        quote = await ask("quote", prompt="a wooden chair", size_mm=900, axis="Z")
        assert (quote["points"], quote["measured"]) == (60, False)
        assert sim.ledger() == []
        job = (await ask("generate", quote=quote["quote"]))["job"]
        assert await ask.refused("generate", quote=quote["quote"]) == "QuoteMissing"
        done = await ask("wait", job=job)
        assert (done["state"], done["error"]) == ("ready", None)
        assert ask.last
        assert [one.type for one in ask.last.content] == ["text", "image"]
        assert ask.progress == sorted(set(ask.progress)), "it grows"
        assert (await ask("status", job=job))["points"] == sim.ledger()[0]["points"]
        assert (await ask("report", job=job))["variants"][0]["variant"] == 0
        kept = (await ask("keep_files", job=job, folder="models"))["kept"]
        assert [Path(one).parent for one in kept] == [tmp_path / "files" / "models"]
        assert Path(kept[0]).read_bytes().startswith(b"glTF")
        assert [one["job"] for one in (await ask("history", text="chair"))["jobs"]] == [job]
        assert (await ask("balance"))["points"] == 1000 - sim.ledger()[0]["points"]
        assert len(sim.ledger()) == 1

    run(sim, tmp_path, work)
    assert "Traceback" not in (tmp_path / "server.log").read_text()


def test_a_picture_is_chosen_and_a_job_is_cancelled(service: Caller, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "mug.png").write_bytes(picture(kind="PNG"))

    async def work(ask: Asked) -> None:
        quote = await ask("quote", image="mug.png", choose_picture=True)
        job = (await ask("generate", quote=quote["quote"]))["job"]
        waits = await ask("wait", job=job)
        assert waits["state"] == "choosing_cutout"
        assert ask.last
        shown = [one for one in ask.last.content if one.type == "image"]
        assert 0 < len(shown) <= waits["pictures"]
        assert all(len(one.data) < 2 * MAX_PICTURE for one in shown)
        assert await ask.refused("choose", job=job, picture=99) == "InvalidInput"
        await ask("choose", job=job, picture=0)
        assert (await ask("wait", job=job))["state"] == "ready"
        service.sim.configure(job_seconds=60.0)
        other = (await ask("generate", quote=(await ask("quote", prompt="a bird"))["quote"]))["job"]
        with anyio.move_on_after(1.0) as waited:  # which the server hears as notifications/cancelled
            await ask("wait", job=other)
        assert waited.cancelled_caught
        assert (await ask("wait", job=other, seconds=0))["state"] != "cancelled", "only the waiting ended"
        await ask("cancel", job=other)
        assert (await ask("wait", job=other))["state"] == "cancelled"
        assert await ask.refused("report", job=other) == "InvalidInput"

    run(service.sim, tmp_path, work)


def test_what_is_there_comes_in_for_nothing(service: Caller, tmp_path: Path) -> None:
    async def work(ask: Asked) -> None:
        first = (await ask("generate", quote=(await ask("quote", prompt="a bird"))["quote"]))["job"]
        assert (await ask("wait", job=first))["state"] == "ready"
        (kept,) = (await ask("keep_files", job=first, folder="."))["kept"]
        paid = service.sim.ledger()
        job = (await ask("bring_in", what=Path(kept).name, size_mm=50))["job"]
        assert (await ask("wait", job=job))["state"] == "ready"
        assert service.sim.ledger() == paid
        assert await ask.refused("bring_in", what="https://example.com/a.glb") == "InvalidInput"
        assert await ask.refused("bring_in", what="/etc/hosts") == "InvalidInput"

    run(service.sim, tmp_path, work)


def test_what_is_refused_says_what_to_do(service: Caller, tmp_path: Path) -> None:
    async def work(ask: Asked) -> None:
        for wrong in (
            {"url": "https://example.com"},
            {"prompt": "a bird", "max_points": 1000000},
            {"prompt": "a bird", "variants": 99},
            {"prompt": "a bird", "provider": "nobody"},
            {"prompt": "a bird", "options": {"url": "https://example.com"}},
            {"image": "https://example.com/a.png"},
            {"image": "../secret.png"},
            {},
        ):
            assert await ask.refused("quote", **wrong) in ("InvalidInput", "UnsupportedFeature"), wrong
        assert await ask.refused("run_python", code="1") == "InvalidInput"
        for tool in ("status", "wait", "cancel", "report"):
            assert await ask.refused(tool, job="54078587-7fdd-49c5-9fe6-317d22f27098") == "InvalidInput"
        assert service.sim.ledger() == []

    run(service.sim, tmp_path, work)


def test_the_jobs_of_an_agent_are_its_own_and_stay_when_it_goes(service: Caller, tmp_path: Path) -> None:
    service.sim.configure(job_seconds=3.0)
    made: list[str] = []

    async def begin(ask: Asked) -> None:
        made.append((await ask("generate", quote=(await ask("quote", prompt="a bird"))["quote"]))["job"])
        while (await ask("status", job=made[0]))["state"] != "generating":
            await anyio.sleep(0.05)

    async def other(ask: Asked) -> None:
        assert await ask.refused("status", job=made[0]) == "InvalidInput"
        assert (await ask("history"))["jobs"] == []

    async def again(ask: Asked) -> None:
        assert [one["job"] for one in (await ask("history"))["jobs"]] == made
        assert (await ask("wait", job=made[0]))["state"] == "ready"

    run(service.sim, tmp_path, begin)
    run(service.sim, tmp_path, other, agent="codex")
    run(service.sim, tmp_path, again)
    assert len(service.sim.ledger()) == 1


class WithBlender(AgentSettings):
    """A stand-in for Blender prepares models, and finds a chair in every .blend."""

    def preparer(self) -> list[str]:
        return PREPARER


def test_a_model_is_made_to_fill_a_box_of_an_offered_blend(
    service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**service.sim.environment, "NEURAL4D_DATA_DIR": str(tmp_path / "data")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NEURAL4D_ALLOWANCE_DAY", "1000")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "room.blend").write_bytes(b"BLENDER")
    (tmp_path / "other.blend").write_bytes(b"BLENDER")
    session = AgentSession(WithBlender(), "claude", Folders([str(tmp_path / "files")]))

    async def work() -> None:
        async with Client(Server(session)) as client:

            async def ask(tool: str, **arguments: Any) -> dict[str, Any]:
                told = (await client.call_tool(tool, arguments)).structured_content
                assert told is not None
                return told

            chair = {"name": "Chair.001", "collection": "Room", "size_mm": [500.0, 600.0, 900.0]}
            assert await ask("boxes", file="room.blend") == {"boxes": [chair]}
            assert await ask("boxes", file="room.blend", collection="Hall") == {"boxes": []}
            for wrong in ({"file": "../other.blend"}, {"file": str(tmp_path / "other.blend")}, {"file": "bird.glb"}):
                assert (await ask("boxes", **wrong))["error"]["code"] == "InvalidInput"
            for wrong in ({"fit_boxes": ["Table"]}, {"fit_boxes": ["Chair.001"], "size_mm": 9}, {}):
                assert (await ask("quote", fit_file="room.blend", **wrong))["error"]["code"] == "InvalidInput"
            quote = await ask("quote", fit_file="room.blend", fit_boxes=["Chair.001"], seat="WALL")
            assert quote["points"] == 60
            job = (await ask("generate", quote=quote["quote"]))["job"]
            assert (await ask("wait", job=job))["state"] == "ready"
            made = session.bridge.jobs[job]
            assert (made.request.prompt, made.request.fit_mm, made.request.size_mm) == ("Chair", chair["size_mm"], 900)
            (fit,) = made.target["fit"]
            assert (fit["box"], fit["seat"]) == ("Chair.001", "WALL")
            assert made.target["offered"] == str(tmp_path / "files" / "room.blend")

    try:
        anyio.run(work)
    finally:
        session.close()
    assert not list((tmp_path / "data" / "jobs").glob("*/offered*")), "the copies that were read are gone"
