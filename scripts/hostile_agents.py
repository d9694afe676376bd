"""Clients of the server for agents that mean no good: `python3 scripts/hostile_agents.py --sessions 1000`.

Two processes at once, on one data folder, call the tools with what hypothesis makes of their schemas, and with paths,
addresses, ids and names that they should get nowhere with. The ledger, the journal and the disk are the witness.
Runs in the environment of the unit tests, which has hypothesis and the protocol's SDK.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from neural4d_blender.engine.audit import chain  # noqa: E402 (likewise)
from neural4d_blender.engine.store import lock_file  # noqa: E402
from scripts.simulator.launcher import Simulator  # noqa: E402 (started by its path)

#: A picture of one of the built-in samples.
_PICTURE = ROOT / "neural4d_blender" / "engine" / "services" / "sample" / "files" / "bird0.jpg"
_SECRET = "nobody is to read this"  # noqa: S105 (it stands in for one)
_TEXTS = (
    *("a bird", "bird0.jpg", "out", ".", "..", "../secret.txt", "/etc/passwd", "~/.ssh/id_rsa", "//host/share/x"),
    *("\\\\host\\share\\x", "C:\\x", "link/secret.txt", "link", "nul", "out/../../x", "file:///etc/passwd", "\ud800"),
    *(
        "http://127.0.0.1:1/",
        "https://example.com/x.glb",
        "$NEURAL4D_API_TOKEN",
        "neural4d",
        "csm",
        "'; DROP TABLE jobs",
    ),
    *("GLB", "STL", "ready", "", "\0", "claude", "x" * 5000),
)
#: What no tool has, and a client may hope for.
_MORE = ("agent", "max_points", "url", "key", "keep_in", "code", "retry_below", "target", "project")
_CALLS = 12
#: Sessions that hypothesis makes at a time.
_AT_A_TIME = 10
#: Points that the agents of both processes may spend in all.
_ALLOWANCE = 300


def main(argv: list[str] | None = None) -> int:
    """Run the sessions and say what the witnesses say; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=100, metavar="N", help="of both processes together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    if asked.worker:
        return _work(Path(asked.worker), asked.sessions, asked.seed)
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        wrong, told = run(Path(folder), asked.sessions, asked.seed)
    print(told)
    for one in wrong:
        print(f"BROKEN: {one}")
    return int(bool(wrong))


def run(folder: Path, sessions: int, seed: int = 0) -> tuple[list[str], str]:
    """All sessions, half of them in either process.

    Returns:
        What is broken, a sentence each, and what was done.
    """
    files = folder / "files"
    files.mkdir()
    (files / _PICTURE.name).write_bytes(_PICTURE.read_bytes())
    (folder / "secret.txt").write_text(_SECRET, encoding="utf-8")
    (folder / "audit").mkdir()
    policy = folder / "policy.toml"
    policy.write_text(f"[folders]\naudit = {json.dumps(str(folder / 'audit'))}", encoding="utf-8")
    if os.name == "posix":
        (files / "link").symlink_to(folder)
    with Simulator(job_seconds=0.0, matting_seconds=0.0, conversion_seconds=0.0, balance=1_000_000) as service:
        environment = {**os.environ, **service.environment, "NEURAL4D_DATA_DIR": str(folder / "data")}
        environment |= {"NEURAL4D_ALLOWANCE_DAY": str(_ALLOWANCE), "NEURAL4D_POLICY": str(policy)}
        environment |= {"PATH": "", "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "data" / "hypothesis")}
        command = [sys.executable, __file__, "--worker", str(folder), "--sessions", str((sessions + 1) // 2), "--seed"]
        both = [
            subprocess.Popen(
                [*command, str(2 * seed + one)], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True
            )
            for one in range(2)
        ]
        said = [process.communicate()[0] for process in both]
        wrong = [f"A process ended with {process.returncode}." for process in both if process.returncode]
        wrong += [line for text in said for line in text.splitlines() if not line.startswith("{")]
        answers = [json.loads(line) for text in said for line in text.splitlines() if line.startswith("{")]
        wrong += _money(folder / "data", service.ledger()) + _disk(folder)
        audited, lines = _audit(folder, service.ledger(), [service.token, _SECRET])
        wrong += audited
        wrong += [f"{service.spent} points are above the allowance."] * (service.spent > _ALLOWANCE)
        calls = sum(one["calls"] for one in answers)
        held = sum(one["sessions"] for one in answers)
        told = f"{held} sessions, {calls} calls, {service.spent} points paid, {lines} lines of audit"
    return wrong, told


def _money(data: Path, ledger: list[dict[str, Any]]) -> list[str]:
    """The ledger against the journal: each payment has a quote of its own, and no job costs more than its quote."""
    with sqlite3.connect(data / "journal.sqlite3") as db:
        jobs = db.execute("SELECT id, cost, agent, data FROM jobs").fetchall()
        quoted = dict(db.execute("SELECT used_by, points FROM quotes WHERE used_by != ''").fetchall())
    db.close()
    paid, noted = sum(row["points"] for row in ledger), sum(cost for _, cost, _, _ in jobs)
    wrong = [] if paid == noted else [f"The services took {paid} points, and the journal has {noted}."]
    wrong += [f"Job {id} is not the agent's." for id, _, agent, _ in jobs if agent != "hostile"]
    above = [(id, cost) for id, cost, *_ in jobs if cost > quoted.get(id, 0)]
    wrong += [f"Job {id} cost {cost}, quoted at {quoted.get(id, 0)}." for id, cost in above]
    return wrong


def _audit(folder: Path, ledger: list[dict[str, Any]], secrets: list[str]) -> tuple[list[str], int]:
    """The ledger against the audit, whose chain is whole and has each line once; returns how many those are, too."""
    while any(lock_file.is_held(lock) for lock in (folder / "data").glob("engine-*.lock")):
        time.sleep(0.1)  # they write their last lines
    file, checked = folder / "audit" / chain.NAME, chain.Checked()
    lines = [link.says for link in chain.links(file, checked)] if file.exists() else []
    payments = [line for line in lines if line["kind"] == "payment"]
    corrected = {line["payment"]: line["paid"] for line in lines if line["kind"] == "price"}
    noted = [corrected.get(line["id"], line["paid"]) for line in payments]
    took = sum(row["points"] for row in ledger)
    wrong = [checked.broken] if checked.broken else []
    if took != sum(one or 0 for one in noted):
        wrong.append(f"The services took {took} points, and the audit has {noted}.")
    wrong += ["A line is there twice."] * (len({line["id"] for line in lines}) != len(lines))
    wrong += [f"A payment is told as {line['agent']!r}'s." for line in payments if line["agent"] != "hostile"]
    text = file.read_text("utf-8") if file.exists() else ""
    return [*wrong, *("The audit shows a secret." for one in secrets if one in text)], len(lines)


def _disk(folder: Path) -> list[str]:
    """Nothing was written outside of the folders that are there for that."""
    there = {path.name for path in folder.iterdir()} - {"files", "data", "audit", "secret.txt", "policy.toml"}
    return [f"Outside of the folders: {name}." for name in sorted(there)]


def _work(folder: Path, sessions: int, seed: int) -> int:
    """One of the two processes."""
    import anyio
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st
    from hypothesis.errors import FlakyStrategyDefinition

    from neural4d_blender.agents.agent_session import AgentSession
    from neural4d_blender.agents.folders import Folders
    from neural4d_blender.agents.server import Server
    from neural4d_blender.agents.settings import AgentSettings

    agents = AgentSession(AgentSettings(), "hostile", Folders([str(folder / "files")]))
    keys = [one["key"] for one in agents.settings.services().values()]
    count = 0

    begun = 0

    @settings(
        max_examples=_AT_A_TIME,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=[*HealthCheck],
    )
    @given(st.data())
    def session(data: st.DataObject) -> None:
        nonlocal begun, count
        begun += 1
        count += anyio.run(_session, Server(agents), data.draw, [*keys, _SECRET])

    try:
        while begun < sessions:
            # What is drawn depends on what was answered before, which hypothesis calls flaky sooner or later.
            with suppress(FlakyStrategyDefinition):
                seeded(seed * 1_000_000 + begun)(session)()
    finally:
        while agents.bridge.busy and agents.bridge.running:
            agents.bridge.drain()
        agents.close()
    print(json.dumps({"sessions": begun, "calls": count}))
    return 0


async def _session(server: Any, draw: Callable[..., Any], secrets: list[str]) -> int:
    """One client's life; returns how many answers it got. What an answer shows of a secret is printed."""
    import anyio
    from hypothesis import strategies as st
    from mcp import Client, MCPError

    seen, count, quoted = [*_TEXTS], 0, False
    async with Client(server, mode=draw(st.sampled_from(["legacy", "auto"]))) as client:
        tools = (await client.list_tools()).tools
        for _ in range(draw(st.integers(1, _CALLS))):
            named = {tool.name: tool for tool in tools}
            # What is quoted is often paid, and what pays comes up more often.
            tool = draw(st.sampled_from([*tools, *3 * [named["quote"]], *(12 if quoted else 3) * [named["generate"]]]))
            arguments = draw(_arguments(tool.input_schema, seen))
            if tool.name == "wait":
                arguments["seconds"] = 0.05
            with anyio.move_on_after(draw(st.sampled_from([30.0, 30.0, 30.0, 0.01]))):  # some hang up
                try:
                    answer = await client.call_tool(tool.name, arguments)
                except (MCPError, UnicodeEncodeError):  # half of a surrogate pair is nothing that a client can send
                    continue
                count += 1
                text = answer.model_dump_json()
                for secret in secrets:
                    if secret in text:
                        print(f"An answer of {tool.name} shows a secret.")
                told = getattr(answer, "structured_content", None) or {}
                quoted = "quote" in told
                seen += [told[name] for name in ("quote", "job") if isinstance(told.get(name), str)]
    return count


def _arguments(schema: dict[str, Any], seen: list[str]) -> Any:
    """Arguments that fit a tool's schema, or nearly; with texts that other answers have told."""
    from hypothesis import strategies as st

    texts = st.one_of(st.sampled_from(seen[-3:]), st.sampled_from(seen), st.text(max_size=20))
    plain = st.none() | st.booleans() | st.integers(-3, 10**6) | texts
    any_value = plain | st.lists(plain, max_size=2)

    def of(part: dict[str, Any]) -> Any:
        if "anyOf" in part:
            return st.one_of([of(one) for one in part["anyOf"]])
        if "enum" in part:
            return st.sampled_from(part["enum"])
        match part.get("type"):
            case "string":
                return texts
            case "integer":
                return st.integers(part.get("minimum", 0), part.get("maximum", 5000))
            case "number":
                return st.floats(0.5, 2000)
            case "boolean":
                return st.booleans()
            case "array":
                return st.lists(of(part.get("items", {})), max_size=2)
            case "object":
                return st.dictionaries(texts, any_value, max_size=2)
            case "null":
                return st.none()
        return any_value

    parts = schema.get("properties", {})
    required = schema.get("required", [])
    fitting = st.fixed_dictionaries(
        {name: of(parts[name]) for name in required},
        optional={name: of(part) for name, part in parts.items() if name not in required},
    )
    odd = st.dictionaries(st.sampled_from([*parts, *_MORE]), any_value, max_size=3)
    usual = {"prompt": "a bird"} if "prompt" in parts else dict.fromkeys(required, seen[-1])
    return st.one_of(st.just(usual), st.just(usual), fitting, odd)


if __name__ == "__main__":
    sys.exit(main())
