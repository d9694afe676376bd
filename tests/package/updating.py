"""Run in a fresh Blender: installs from a repository, and from it takes the update that is there a little later."""

from __future__ import annotations

import importlib
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import bpy  # first: where it is a module, it makes addon_utils importable

import addon_utils  # isort: skip

bpy.context.preferences.system.use_online_access = True
done = bpy.ops.preferences.extension_repo_add(name="Published", remote_url=sys.argv[-1], type="REMOTE")
assert done == {"FINISHED"}, done
repositories = bpy.context.preferences.extensions.repos
number = next(index for index, one in enumerate(repositories) if one.remote_url == sys.argv[-1])
MODULE = f"bl_ext.{repositories[number].module}.neural4d"


def sync() -> None:
    done = bpy.ops.extensions.repo_sync(repo_index=number)
    assert done == {"FINISHED"}, done


def installed() -> tuple[Any, str]:
    """The extension as it is loaded now, and the version on disk."""
    module = importlib.import_module(MODULE)
    manifest = Path(str(module.__file__)).with_name("blender_manifest.toml")
    return module, tomllib.loads(manifest.read_text(encoding="utf-8"))["version"]


sync()
done = bpy.ops.extensions.package_install(repo_index=number, pkg_id="neural4d", enable_on_install=True)
assert done == {"FINISHED"}, done
neural4d, first = installed()
job = neural4d.generate("a cute bird", size_mm=120)
limit = time.monotonic() + 60
while job.state != "generating":
    assert time.monotonic() < limit, job.state
    neural4d.jobs()  # takes in what the engine tells
    time.sleep(0.05)
print("PUBLISH", flush=True)
sys.stdin.readline()
sync()
done = bpy.ops.extensions.package_upgrade_all()
assert done == {"FINISHED"}, done
assert addon_utils.check(MODULE) == (True, True)
updated, second = installed()
assert updated is not neural4d
print(f"VERSIONS={first} {second}", flush=True)
(job,) = updated.jobs(adopt=True)  # in a window they go on by themselves
job.wait(timeout=90)
print(f"JOB={job.state}", flush=True)
