"""What all tools have: the agent's session, and answers without a key."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from mcp.types import CallToolResult

from ...engine.protocol import Neural4DError
from .. import tool_results
from ..agent_session import AgentSession


class Tools:
    """Some of the tools, of one agent."""

    def __init__(self, session: AgentSession) -> None:
        self.session = session

    def told(self, values: dict[str, Any], pictures: Iterable[str] = ()) -> CallToolResult:
        """The answer."""
        return tool_results.told(values, self.secrets, pictures)

    def refused(self, error: Neural4DError) -> CallToolResult:
        """The answer where it could not be done."""
        return tool_results.refused(error, self.secrets)

    def new_id(self) -> str:
        """Of a new job."""
        return str(uuid.uuid4())

    @property
    def secrets(self) -> list[str]:
        """The keys that are set."""
        return [one["key"] for one in self.session.settings.services().values() if one["key"]]
