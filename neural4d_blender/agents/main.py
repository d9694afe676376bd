"""The command ``mcp``: its arguments, and the server, until its client is gone."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import sys
from collections.abc import Sequence

from ..client.environment_variables import DATA_DIR_ENV
from ..client.paths import expanded
from ..client.policy_in_force import policy_of
from ..engine.protocol import Neural4DError
from .settings import AGENT_ENV, BLENDER_ENV, FOLDERS_ENV

_USAGE, _FAILED = 2, 1


def main(argv: Sequence[str], prog: str) -> int:
    """Serve one client on standard input and output; returns the exit code.

    Args:
        argv: behind ``mcp``. prog: what starts this, for the help.
    """
    parser = argparse.ArgumentParser(
        prog=f"{prog} mcp", description="A Model Context Protocol server for agents, on standard input and output."
    )
    parser.add_argument(
        "--folder",
        action="append",
        default=[],
        metavar="DIR",
        help=f"what agents may read and write, and nothing else (repeatable; also {FOLDERS_ENV})",
    )
    parser.add_argument(
        "--agent", default="", metavar="NAME", help=f"what its jobs and points are booked under (also {AGENT_ENV})"
    )
    parser.add_argument(
        "--blender", default="", metavar="PROGRAM", help=f"the Blender that prepares models (also {BLENDER_ENV})"
    )
    parser.add_argument("--data-dir", default="", metavar="DIR", help=f"the folder for files (also {DATA_DIR_ENV})")
    try:
        asked = parser.parse_args(argv)
    except SystemExit as ended:  # argparse's way to say that it has printed help or an error
        return int(ended.code or 0)
    if importlib.util.find_spec("mcp") is None:
        print("The package mcp is missing: pip install 'neural4d-blender[mcp]'.", file=sys.stderr)
        return _USAGE
    if asked.data_dir:
        os.environ[DATA_DIR_ENV] = str(expanded(asked.data_dir).resolve())
    try:
        _serve(asked)
    except Neural4DError as error:
        print(error, file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        pass
    return 0


def _serve(asked: argparse.Namespace) -> None:
    from .agent_session import AgentSession
    from .folders import Folders
    from .server import Server
    from .settings import AgentSettings, agent_name, folders

    settings, named = AgentSettings(asked.blender), Folders(folders(asked.folder))
    policy_of(settings).check_folders_of_agents(named.roots)
    session = AgentSession(settings, agent_name(asked.agent), named)
    session.bridge.notices.tell = logging.getLogger(__package__).warning
    try:
        Server(session).run("stdio")
    finally:
        session.close()
