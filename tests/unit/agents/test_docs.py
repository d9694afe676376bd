"""What docs/agents.md tells of the server is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import anyio
import pytest

from neural4d_blender.agents.agent_session import AgentSession
from neural4d_blender.agents.folders import Folders
from neural4d_blender.agents.main import main
from neural4d_blender.agents.server import Server
from neural4d_blender.agents.settings import AgentSettings
from tests.support.engine_process import ROOT

DOCS = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")


def test_each_client_s_configuration_is_json_that_starts_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    told = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)]
    assert len(told) == 3
    for one in told:
        entry = one.get("mcpServers", one.get("servers"))["neural4d"]
        assert entry["args"][0] == "mcp"
        assert "NEURAL4D_API_TOKEN" in entry["env"]
        assert main([*entry["args"][1:], "--help"], "neural4d") == 0
    help_text = capsys.readouterr().out
    for argument in re.findall(r"^\| `(--[a-z-]+) .*?` \| `(NEURAL4D_[A-Z_]+)`", DOCS, re.MULTILINE):
        assert all(name in help_text for name in argument)


def test_every_tool_is_in_the_table_with_types_and_a_sentence(tmp_path: Path) -> None:
    server = Server(AgentSession(AgentSettings(), "claude", Folders([str(tmp_path)])))
    tools = anyio.run(server.list_tools)
    table = DOCS.partition("| tool |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))) == sorted(
        tool.name for tool in tools
    )
    for tool in tools:
        assert tool.description
        assert all({"type", "anyOf", "enum"} & part.keys() for part in tool.input_schema["properties"].values())
