"""The server: the tools under their names, and whatever becomes of a call told as the project tells it.

Standard output carries the protocol alone; what is logged goes to standard error.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import ValidationError

from ..client.version import version
from ..engine.protocol import InvalidInput, Neural4DError
from .desk import Desk
from .tools.base import Tools
from .tools.following import Following
from .tools.keeping import Keeping
from .tools.making import Making

#: A tool's arguments are its own.
_Tool = Callable[..., Awaitable[CallToolResult]]
_log = logging.getLogger(__name__)
_INSTRUCTIONS = (
    "Textured 3D models in real size, of a prompt or a picture. A model costs points of the user's: first quote, then "
    "generate with the quote's id, then wait for the job. Files are read and written in these folders alone: {}. "
    "Whatever is refused says what was kept, what it cost and what to do; do that rather than to try the same again."
)
#: What only looks, and what may pay.
_LOOKS = ToolAnnotations(read_only_hint=True)
_PAYS = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True)
_DOES = ToolAnnotations(read_only_hint=False, destructive_hint=False)


class Server(MCPServer[Desk]):
    """The tools of one agent."""

    def __init__(self, desk: Desk) -> None:
        @asynccontextmanager
        async def lifespan(_server: MCPServer[Desk]) -> AsyncIterator[Desk]:
            async with anyio.create_task_group() as group:
                group.start_soon(desk.pump)
                yield desk
                group.cancel_scope.cancel()

        folders = ", ".join(map(str, desk.folders.roots)) or "none are named"
        super().__init__(
            "neural4d",
            title="Neural4D for Blender",
            instructions=_INSTRUCTIONS.format(folders),
            version=version(),
            lifespan=lifespan,
            log_level="WARNING",
        )
        self._tools = Tools(desk)
        making, following, keeping = Making(desk), Following(desk), Keeping(desk)
        looks: list[_Tool] = [making.services, making.quote, making.balance, following.status, following.wait]
        looks += [following.report, following.history]
        does: list[_Tool] = [making.bring_in, following.choose, following.cancel, keeping.keep_files]
        for tools, kind in ((looks, _LOOKS), (does, _DOES), ([making.generate], _PAYS)):
            for tool in tools:
                self.add_tool(tool, description=inspect.getdoc(tool), annotations=kind)

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Desk, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; what it cannot do is an answer with the error's code, what was kept, the cost and the remedy."""
        try:
            self._check_names(name, arguments)
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            return self._tools.refused(_told(error))
        except Neural4DError as error:
            return self._tools.refused(error)

    def _check_names(self, name: str, arguments: dict[str, Any]) -> None:
        """An argument that a tool does not have would be passed over in silence."""
        tool = self._tool_manager.get_tool(name)
        known = tool.parameters.get("properties", {}) if tool else {}
        if tool is None:
            raise InvalidInput(f"There is no tool {name[:80]!r}.", "Look at the list of tools.")
        if unknown := [one for one in arguments if one not in known]:
            there_are = ", ".join(known) or "none"
            raise InvalidInput(f"The tool {name} has no {unknown[0][:80]!r}; there are: {there_are}.", "Leave it out.")


def _told(error: ToolError) -> Neural4DError:
    cause = error.__cause__
    if isinstance(cause, Neural4DError):
        return cause
    if isinstance(cause, ValidationError):
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in cause.errors()[:10])
        return InvalidInput(f"{wrong}.", "Correct the arguments and call it again.")
    if isinstance(cause, TimeoutError):
        return Neural4DError("The engine did not answer in time.", "Look at the status, and try again.")
    _log.error("A tool failed.", exc_info=cause or error)
    return Neural4DError("This failed for a reason that nobody has foreseen.", "Look at the status first.")
