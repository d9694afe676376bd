"""What the engine has to be told before it can work, and where that comes from without Blender.

Standard library and the engine's ``protocol`` only. In Blender ``scene/user_settings.py`` takes this
module's place, where preferences stand behind the environment.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ..engine.protocol import Declaration, KeyMissing, declarations
from .api_keys import key
from .config_file import from_environment as from_environment
from .config_file import setting
from .paths import expanded

DATA_DIR_ENV = "NEURAL4D_DATA_DIR"


class Settings(Protocol):
    """What a bridge asks for, each time anew; a module of such functions is one."""

    def services(self) -> dict[str, dict[str, str]]:
        """Address (``url``) and ``key`` of each service, by id."""
        ...

    def online(self) -> bool:
        """Network access is allowed."""
        ...

    def preparer(self) -> list[str]:
        """How to start the background Blender that prepares a model; empty where there is none."""
        ...

    def imports(self) -> bool:
        """This process can import a model itself where no background Blender can be started."""
        ...

    def strict(self) -> bool:
        """No model is imported where the operating system does not confine what imports it."""
        ...

    def agent_allowances(self) -> dict[str, int] | None:
        """Points that the user allows each agent, by job, day and month; None where nobody says so here."""
        ...

    def data_dir(self) -> Path:
        """The folder that holds the journal, downloads and prepared models."""
        ...

    def search_path(self) -> list[str]:
        """Folders in which the engine looks for modules; empty for Blender's own Python, which has all it needs."""
        ...


class Environment:
    """The settings of a Python without Blender: environment variables, and the config file under them."""

    def services(self) -> dict[str, dict[str, str]]:
        """Address and key of each service; no key is empty."""
        return {one.id: {"url": setting(one.url_env) or one.url, "key": self.key(one)} for one in declarations()}

    def key(self, service: Declaration) -> str:
        """The service's key, empty where none is set or can be read. Never show or store what this returns."""
        with suppress(KeyMissing):
            return without_scheme(key(service))
        return ""

    def online(self) -> bool:
        """Nobody but Blender has a switch for that."""
        return True

    def preparer(self) -> list[str]:
        """There is no Blender to prepare anything with."""
        return []

    def imports(self) -> bool:
        """Nor to import anything."""
        return False

    def strict(self) -> bool:
        """Nothing is imported at all."""
        return False

    def agent_allowances(self) -> dict[str, int] | None:
        """That is Blender's preferences' business."""
        return None

    def data_dir(self) -> Path:
        """``NEURAL4D_DATA_DIR``, else a folder of the user's."""
        chosen = setting(DATA_DIR_ENV)
        return expanded(chosen).resolve() if chosen else user_data_dir()

    def search_path(self) -> list[str]:
        """Those of this Python, as rez, AYON, conda or a container has made them."""
        return search_path()


def search_path() -> list[str]:
    """Where this Python looks for modules.

    The folders of its script and of its shell come last: a file there may be called as one of Python's own modules.
    """
    script = getattr(sys.modules.get("__main__"), "__file__", None) or ""
    found = [os.path.abspath(one) for one in sys.path if isinstance(one, str) and os.pathsep not in one]
    late = {os.getcwd(), os.path.abspath(os.path.dirname(script))}
    return sorted(dict.fromkeys(found), key=late.__contains__)


def user_data_dir() -> Path:
    """The folder of the user's where nothing else is chosen."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "neural4d"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "neural4d"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "neural4d"


def without_scheme(key: str) -> str:
    """The key alone, where it was copied with what stands before it in the header: ``Authorization: Bearer KEY``."""
    return key.split()[-1] if key.lower().startswith(("bearer ", "authorization:")) else key
