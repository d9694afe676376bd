"""What the user has set: services and keys, the data folder, online access, how to start Blender again.

An environment variable goes before the preference of the same meaning. Nothing here is kept or
shown; the key goes from here to the engine's pipe.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy

from ..client import api_keys, config_file, environment_variables, paths
from ..engine.protocol import Declaration, InvalidInput, KeyMissing, declarations

#: The name the extension is installed under; its first part differs from user to user.
PACKAGE = __package__.rpartition(".")[0]
#: The asset library's name in the user's preferences, its folder's, and the catalog where nothing else is wished.
LIBRARY = "Neural4D"
#: The folder that the extension is in.
INSTALLED = Path(__file__).resolve().parent.parent
_PREPARER = INSTALLED / "prepare" / "__main__.py"


def preferences() -> Any | None:
    """The add-on's preferences, or None where it is used without being enabled as an add-on."""
    addon: bpy.types.Addon | None = bpy.context.preferences.addons.get(PACKAGE)
    return addon.preferences if addon else None


def key(service: Declaration) -> str:
    """The service's key, empty where none is set. Never show or store what this returns."""
    with suppress(KeyMissing):
        if found := api_keys.key(service, config=_has_config()):
            return environment_variables.without_scheme(found)
    return environment_variables.without_scheme(getattr(preferences(), f"key_{service.id}", "").strip())


def url(service: Declaration) -> str:
    """The service's base address, as the user set it or as the service documents it."""
    return _setting(service.url_env, f"url_{service.id}") or service.url


def _setting(variable: str, attribute: str) -> str:
    return _from_outside(variable) or getattr(preferences(), attribute, "").strip()


def _has_config() -> bool:
    """Whether the config file counts: in a window there are the preferences, and nobody waits for a file."""
    return bpy.app.background


def _from_outside(variable: str) -> str:
    return config_file.setting(variable) if _has_config() else config_file.from_environment(variable)


def services() -> dict[str, dict[str, str]]:
    """Address and key of each service, as the engine's ``configure`` takes them."""
    return {service.id: {"url": url(service), "key": key(service)} for service in declarations()}


def located(path: str | os.PathLike[str]) -> Path:
    """A path as somebody gives it to Blender: ``//`` is the folder of the open file, ``~`` the user's own."""
    return paths.expanded(bpy.path.abspath(os.fspath(path)))


def data_dir() -> Path:
    """The folder that holds the journal, downloads and prepared models."""
    chosen = _from_outside(environment_variables.DATA_DIR_ENV) or getattr(preferences(), "data_dir", "")
    if chosen:
        return located(chosen).resolve()
    try:
        return Path(bpy.utils.extension_path_user(PACKAGE))
    except ValueError:  # not installed as an extension: a checkout, or bpy as a module
        return environment_variables.user_data_dir()


def library_dir() -> Path:
    """The asset library's folder: the preference, else "Neural4D" beside the asset library that Blender comes with.

    Not in the folder for files, which goes when the extension is uninstalled.
    """
    chosen = getattr(preferences(), "library_dir", "")
    if chosen:
        return located(chosen).resolve()
    shipped: Any = bpy.context.preferences.filepaths.asset_libraries.get("User Library")
    around = Path(shipped.path).parent if shipped and shipped.path else Path.home() / "Documents"
    return around / LIBRARY


def texture_folder() -> str:
    """The folder for images that are not packed: ``textures`` beside the open .blend.

    Raises:
        InvalidInput: the open file has never been saved, so there is no "beside"; or nothing can be written there.
    """
    if not bpy.data.filepath:
        remedy = "Save the file first, or have the images packed."
        raise InvalidInput("Images on disk go beside the .blend, and this file has none yet.", remedy)
    folder = Path(bpy.data.filepath).resolve().parent / "textures"
    paths.check_writable(folder / "an image")
    return str(folder)


@functools.cache
def website() -> str:
    """Where the project is hosted; empty for a build whose manifest does not say."""
    import tomllib  # Blender's start does without

    with suppress(OSError, ValueError):
        manifest = (INSTALLED / "blender_manifest.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(manifest).get("website", ""))
    return ""


def keeps_placeholders() -> bool:
    """The placeholder of a failed or cancelled job stays, and says why nothing came."""
    return getattr(preferences(), "failed_placeholder", "KEEP") == "KEEP"


def shows_first() -> bool:
    """The first model of a session is selected and framed by itself."""
    return bool(getattr(preferences(), "show_first", True))


def sounds() -> bool:
    """A sound is played when a job ends."""
    return bool(getattr(preferences(), "play_sound", False))


def online() -> bool:
    """Blender's own switch for all network access."""
    return bool(bpy.app.online_access)


def search_path() -> list[str]:
    """Where the engine looks for modules: a module's Python may have been made up of folders, Blender's own has all."""
    return environment_variables.search_path() if is_module() else []


def is_module() -> bool:
    """Blender is a module in somebody's Python, not a program."""
    return not bpy.app.binary_path


def imports() -> bool:
    """Blender can import a model itself, see `in_place`, where no second one can be started, and may."""
    return not strict()


def strict() -> bool:
    """No model is imported where the operating system does not confine what imports it."""
    return bool(getattr(preferences(), "require_sandbox", False))


def agent_allowances() -> dict[str, int] | None:
    """Points that the user allows each agent, by job, day and month; None where there are no preferences."""
    own = preferences()
    if not own:
        return None
    more = {"job": own.agent_points_job, "month": own.agent_points_month}
    return {"day": own.agent_points_day} | {span: points for span, points in more.items() if points}


def places_of_agents() -> bool:
    """What agents have had made comes into the open file by itself."""
    return bool(getattr(preferences(), "agent_places", False))


def preparer() -> list[str]:
    """How to start the background Blender that prepares a model; the job file, or "-", is to be added."""
    if not is_module():
        blender = [bpy.app.binary_path, "--background", "--factory-startup", "--offline-mode"]
        return [*blender, "--python-exit-code", "3", "--python", str(_PREPARER), "--"]
    return [sys.executable, "-I", str(_PREPARER), *_beside_python()]


def _beside_python() -> list[str]:
    """The folders of Blender's module, and of NumPy, that an isolated Python does not look into by itself.

    rez, AYON, conda or a user's own folder have them elsewhere than the Python is.
    """
    own = [Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)]
    numpy = importlib.util.find_spec("numpy")
    within = [Path(bpy.utils.resource_path("LOCAL")), *(Path(path) for path in (numpy and numpy.origin,) if path)]
    folders = [one.resolve().parents[1] for one in within]
    return list(dict.fromkeys(str(one) for one in folders if not any(map(one.is_relative_to, own))))
