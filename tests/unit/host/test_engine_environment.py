"""The keys reach the engine through its pipe: no environment has them, neither its own nor a background Blender's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from neural4d_blender.client import engine_process
from neural4d_blender.engine.blenders import blender_environment
from neural4d_blender.engine.protocol import declarations
from tests.support.engine_process import PATIENCE

#: The variables that a user puts a key into, by docs/python.md.
KEYS = ("NEURAL4D_API_TOKEN", "CSM_API_KEY", "GONEURAL_API_KEY", "MODELSLAB_API_KEY")
#: What a background Blender needs on some system.
NEEDED = (
    *("APPDATA", "COMSPEC", "HOME", "LANG", "LOCALAPPDATA", "NUMBER_OF_PROCESSORS", "OCIO", "PATH", "PATHEXT"),
    *("PROCESSOR_ARCHITECTURE", "PROGRAMDATA", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USERPROFILE"),
    *("WINDIR", "BLENDER_USER_SCRIPTS", "DYLD_LIBRARY_PATH", "FLATPAK_ID", "LC_ALL", "LD_LIBRARY_PATH", "APPDIR"),
    *("OMP_NUM_THREADS", "SNAP", "XDG_CONFIG_HOME", "appdata"),
)
#: Whatever they begin with, these are somebody's secrets.
SECRET = ("XDG_AUTH", "BLENDER_CREDENTIALS", "LC_KEY", "SNAP_PASSWORD", "APP_SECRET", "LD_TOKEN", "app_token")


def test_every_key_has_its_variable() -> None:
    assert sorted(one.key_env for one in declarations()) == sorted(KEYS)


@pytest.mark.parametrize("variable", KEYS)
def test_no_key_is_in_the_environment_of_the_engine(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "tell.py"
    script.write_text("import json, os\nprint(json.dumps(dict(os.environ)))\n")
    monkeypatch.setattr(engine_process, "_ENGINE", script)
    monkeypatch.setenv(variable, "hush")
    monkeypatch.setenv("NEURAL4D_API_URL", "https://there.example")
    started = engine_process.EngineProcess(tmp_path / "data")
    told, _ = started.communicate(timeout=PATIENCE)
    environment = json.loads(told)
    assert "hush" not in environment.values()
    assert environment["NEURAL4D_API_URL"] == "https://there.example"
    assert subprocess.list2cmdline(started.args).count("hush") == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("variable", [*KEYS, *SECRET])
def test_no_secret_is_in_the_environment_of_a_background_blender(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "hush")
    assert "hush" not in blender_environment.environment().values()


@pytest.mark.parametrize("variable", NEEDED)
def test_what_it_needs_is(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "needed")
    assert blender_environment.environment()[variable if sys.platform != "win32" else variable.upper()] == "needed"


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
def test_no_proxy_leads_out_of_it(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://a.way.out:3128")
    assert blender_environment.environment()[variable] == "http://127.0.0.1:9"
