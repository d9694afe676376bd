"""What all tools have: the agent's desk, and answers without a key."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from mcp.types import CallToolResult

from ...engine.protocol import Neural4DError
from .. import answers
from ..desk import Desk


class Tools:
    """Some of the tools, of one agent."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def told(self, values: dict[str, Any], pictures: Iterable[str] = ()) -> CallToolResult:
        """The answer."""
        return answers.told(values, self.secrets, pictures)

    def refused(self, error: Neural4DError) -> CallToolResult:
        """The answer where it could not be done."""
        return answers.refused(error, self.secrets)

    def new_id(self) -> str:
        """Of a new job."""
        return str(uuid.uuid4())

    @property
    def secrets(self) -> list[str]:
        """The keys that are set."""
        return [one["key"] for one in self.desk.settings.services().values() if one["key"]]
