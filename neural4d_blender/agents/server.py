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
from .agent_session import AgentSession
from .tools.base import Tools
from .tools.generate_and_bring_in import GenerateTools
from .tools.job_status import JobTools
from .tools.write_files import FileTools

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


class Server(MCPServer[AgentSession]):
    """The tools of one agent."""

    def __init__(self, session: AgentSession) -> None:
        @asynccontextmanager
        async def lifespan(_server: MCPServer[AgentSession]) -> AsyncIterator[AgentSession]:
            async with anyio.create_task_group() as group:
                group.start_soon(session.pump)
                yield session
                group.cancel_scope.cancel()

        folders = ", ".join(map(str, session.folders.roots)) or "none are named"
        super().__init__(
            "neural4d",
            title="Neural4D for Blender",
            instructions=_INSTRUCTIONS.format(folders),
            version=version(),
            lifespan=lifespan,
            log_level="WARNING",
        )
        self._tools = Tools(session)
        paid, jobs, files = GenerateTools(session), JobTools(session), FileTools(session)
        looks: list[_Tool] = [paid.services, paid.quote, paid.balance]
        looks += [paid.boxes, jobs.status, jobs.wait, jobs.report, jobs.history]
        does: list[_Tool] = [paid.bring_in, jobs.choose, jobs.cancel, files.keep_files]
        for tools, kind in ((looks, _LOOKS), (does, _DOES), ([paid.generate], _PAYS)):
            for tool in tools:
                self.add_tool(tool, description=inspect.getdoc(tool), annotations=kind)

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[AgentSession, Any] | None = None
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
