"""What the server is told: by its arguments, and by the environment behind them.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from ..client.environment_variables import Environment, from_environment

FOLDERS_ENV, AGENT_ENV, BLENDER_ENV = "NEURAL4D_AGENT_FOLDERS", "NEURAL4D_AGENT", "NEURAL4D_BLENDER"
_PACKAGE = Path(__file__).resolve().parent.parent


def agent_name(argument: str) -> str:
    """What the agent is called by whoever started the server, never by itself: points are counted by that."""
    return " ".join((argument or from_environment(AGENT_ENV) or "agent").split())[:80]


def folders(arguments: list[str]) -> list[str]:
    """The folders for agents: of the arguments, and of the environment."""
    return [*arguments, *(one for one in from_environment(FOLDERS_ENV).split(os.pathsep) if one)]


class AgentSettings(Environment):
    """The environment, and a Blender where there is one: a program, or the module of this Python.

    Args:
        blender: path of the program; empty for that of the environment, and for the one that is found.
    """

    def __init__(self, blender: str = "") -> None:
        self._blender = blender or from_environment(BLENDER_ENV) or shutil.which("blender") or ""

    @property
    def has_module(self) -> bool:
        """This Python has Blender as a module."""
        return importlib.util.find_spec("bpy") is not None

    def preparer(self) -> list[str]:
        """How to start the background Blender that prepares a model; empty where there is none."""
        file = str(_PACKAGE / "prepare" / "__main__.py")
        if self._blender:
            blender = [self._blender, "--background", "--factory-startup", "--offline-mode"]
            return [*blender, "--python-exit-code", "3", "--python", file, "--"]
        return [sys.executable, "-I", file] if self.has_module else []

    def command(self) -> list[str]:
        """How to start a command of this package in a Blender; empty where there is none."""
        if self._blender:
            return [self._blender, "--background", "--disable-autoexec", "--command", "neural4d"]
        return [sys.executable, "-m", _PACKAGE.name] if self.has_module else []
