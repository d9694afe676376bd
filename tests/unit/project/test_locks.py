"""Every package of every environment is locked with its hash, at the version that pyproject.toml names."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from scripts.toolbox import locks
from scripts.toolbox.console import ROOT

PINS: dict[str, list[Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]


def pins(group: str) -> set[str]:
    found = set()
    for one in PINS[group]:
        found |= {one.replace("module-4.2", "module-4-2")} if isinstance(one, str) else pins(one["include-group"])
    return found


@pytest.mark.parametrize("group", locks.GROUPS)
def test_a_lock_has_what_the_group_pins_and_a_hash_for_each(group: str) -> None:
    text = locks.file_of(group).read_text(encoding="utf-8")
    locked = [one for one in re.split(r"\n(?=\S)", text.strip()) if one]
    assert pins(group) <= {re.split(r"[ ;]", one, maxsplit=1)[0] for one in locked}, "python3 -m scripts.toolbox.locks"
    assert [one for one in locked if "==" not in one or "--hash=sha256:" not in one] == []
    assert "://" not in text


def test_every_environment_is_made_of_a_lock() -> None:
    nox = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    named = set(re.findall(r'_install\(session, "([^"]+)"\)', nox)) | set(
        re.findall(r"TOOLS = \[(.*)\]", nox)[0].replace('"', "").split(", ")
    )
    bpy = {group for group in PINS if group.startswith("bpy-")}
    assert named | bpy | {"mutants", "mutants-bpy", "pytest", "bootstrap"} == set(locks.GROUPS)
