"""Settings of a studio: keys in files and in the keyring, a config file under the environment, a log."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest

from neural4d_blender.client import api_keys, config_file, engine_process
from neural4d_blender.client.environment_variables import Environment
from neural4d_blender.engine.protocol import InvalidInput, KeyMissing, declaration
from scripts.simulator.launcher import Simulator
from tests.support.command_line import at_home, paid, run
from tests.support.simulator_client import Caller

NEURAL4D = declaration("neural4d")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config file, which is still to be written; nothing else is set."""
    for name in list(os.environ):
        if name.startswith(("NEURAL4D_", "CSM_", "GONEURAL_", "MODELSLAB_")):
            monkeypatch.delenv(name)
    file = tmp_path / "neural4d.toml"
    monkeypatch.setenv("NEURAL4D_CONFIG", str(file))
    api_keys._of_keyring.cache_clear()
    return file


@pytest.mark.parametrize("service", ["neural4d", "csm", "goneural", "modelslab"])
def test_a_key_in_a_file(service: str, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("")
    (tmp_path / "secret").write_text("\ufeffBearer from-a-file\n", encoding="utf-8")
    monkeypatch.setenv(declaration(service).key_env + "_FILE", str(tmp_path / "secret"))
    assert Environment().services()[service]["key"] == "from-a-file"
    assert declaration(service).key_env + "_FILE" not in engine_process._environment([])
    monkeypatch.setenv(declaration(service).key_env, "from-the-environment")
    assert Environment().services()[service]["key"] == "from-the-environment"


def test_a_key_file_that_is_not_there(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("")
    monkeypatch.setenv("NEURAL4D_API_TOKEN_FILE", str(tmp_path / "secret"))
    assert Environment().services()["neural4d"]["key"] == ""
    with pytest.raises(KeyMissing, match="cannot be read from") as told:
        api_keys.key(NEURAL4D)
    assert str(tmp_path / "secret") in str(told.value)


def test_the_config_file_is_under_the_environment(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("from-its-file")
    config.write_text(
        'data_dir = "data"\n[services.neural4d]\nurl = "https://here.example"\nkey_file = "secret"\n'
        '[services.csm]\nkey = "from-itself"\n'
    )
    services = Environment().services()
    assert services["neural4d"] == {"url": "https://here.example", "key": "from-its-file"}
    assert services["csm"]["key"] == "from-itself"
    assert Environment().data_dir() == (tmp_path / "data").resolve()
    monkeypatch.setenv("NEURAL4D_API_URL", "https://there.example")
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "other"))
    assert Environment().services()["neural4d"]["url"] == "https://there.example"
    assert Environment().data_dir() == (tmp_path / "other").resolve()
    config.write_text('[services.csm]\nkey = "another"\n')
    os.utime(config, ns=(1, 1))
    assert Environment().services()["csm"]["key"] == "another"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("datadir = 1", "no setting datadir; there are: data_dir"),
        ("data_dir = 1", "data_dir takes a text, not 1"),
        ('keyring = "maybe"', "keyring"),
        ('[services.nobody]\nkey = "x"', "no service nobody"),
        ('[services.csm]\ntoken = "x"', "no setting services.csm.token"),
        ("services = 3", "tables of their own"),
        ("[", "cannot be read"),
        (None, "There is no config file"),
    ],
)
def test_what_is_wrong_with_it_is_said_before_anything_is_done(
    text: str | None, words: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None and "maybe" not in text:
        config.write_text(text)
    elif text:
        config.write_text("keyring = 3")
    with pytest.raises(InvalidInput, match="(?s)" + words.replace("[", "\\[")):
        config_file.values()
    assert run("jobs") == 2
    assert str(config) in capsys.readouterr().err


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NEURAL4D_CONFIG", raising=False)
    monkeypatch.setenv("APPDATA" if sys.platform == "win32" else "XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_file.path().is_relative_to(tmp_path)
    assert config_file.path().parts[-2:] == ("neural4d", "neural4d.toml")
    assert config_file.values() == {}


def test_the_keyring_is_asked_where_that_is_set_and_never_waited_for(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("")
    package = tmp_path / "ring" / "keyring"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(
        "import sys\nassert sys.argv[1:3] == ['get', 'neural4d']\nprint('of', sys.argv[3])"
    )
    monkeypatch.syspath_prepend(str(package.parent))
    assert api_keys.key(NEURAL4D) == ""
    config.write_text("keyring = true")
    os.utime(config, ns=(1, 1))
    assert api_keys.key(NEURAL4D) == "of NEURAL4D_API_TOKEN"
    (package / "__main__.py").write_text("import time\ntime.sleep(600)")
    monkeypatch.setattr(api_keys, "_PATIENCE", 0.5)
    api_keys._of_keyring.cache_clear()
    assert api_keys.key(NEURAL4D) == ""


@pytest.fixture
def sim(service: Caller, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    config.write_text("")
    service.sim.configure(triangles=200, texture_size=16)
    return at_home(service.sim, tmp_path, monkeypatch)


def test_a_command_writes_a_log_and_no_secret(
    sim: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "studio.toml").write_text('log_file = "logs/of the day.log"')
    made = ("generate", "a cute bird", "--as-made", "--config", "studio.toml")
    assert run(*made, "-o", "bird.glb", "-q") == 0
    assert capsys.readouterr().err == ""
    log = (tmp_path / "logs" / "of the day.log").read_text()
    assert "INFO" in log
    assert "ready, 60 points" in log
    assert sim.token not in log
    assert "cute" not in log
    assert run(*made, "-o", "bird.glb", "-v", "--log-file", "other.log", "--overwrite") == 0
    said = capsys.readouterr().err
    assert "neural4d: job " in said
    assert (tmp_path / "other.log").exists()
    assert paid(sim) == [60, 60]
    assert logging.getLogger("neural4d").handlers == []
    assert run("jobs", "--log-file", str(tmp_path / "studio.toml" / "x.log")) == 2
