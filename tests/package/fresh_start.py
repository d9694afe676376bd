"""Run in a fresh Blender: enables the installed extension and prints what that loaded and connected to."""

from __future__ import annotations

import importlib
import json
import sys
import threading
from pathlib import Path

import bpy  # first: where it is a module, it makes addon_utils importable

import addon_utils  # isort: skip

MODULE = "bl_ext.user_default.neural4d"
#: What a job takes and registering does not: Blender's start is not to wait for it.
LATE = [f"api.{name}" for name in ("batches", "generate", "history", "jobs.job")]
LATE += ["batching", "prepare"]
LATE += [f"engine.model.{name}" for name in ("batch", "inputs.image_header", "inputs.web_addresses", "job", "request")]
LATE += [f"engine.{name}" for name in ("blenders", "files", "process", "services.results", "steps", "store", "system")]
LATE += [f"scene.finished_jobs.{name}" for name in ("endings", "place_finished_models", "recover_unsaved")]
LATE += [
    "api.account",
    "api.bring_in",
    "scene.assets",
    "scene.start_job",
    "scene.suggested_size",
    "scene.whereabouts",
    "scene.placing.surroundings",
]
LATE += ["engine.services.base", "engine.model.server_facts"]
LATE += [f"engine.services.{name}.provider" for name in ("csm", "goneural", "modelslab", "neural4d", "sample")]
LATE += [f"scene.placing.{name}" for name in ("placement", "provenance", "targets")]
LATE += [f"ui.lists.{name}" for name in ("batch_progress", "job_list", "job_pictures")]
LATE += [f"ui.drawing.{name}" for name in ("icons", "labels", "show", "state_labels")]
LATE += ["ui.panels.inputs", "ui.settings.draw_price"]
LATE += [f"client.{name}" for name in ("engine_client", "engine_process", "environment_variables", "pipes")]
LATE += ["client.jobs.job_table", "client.jobs.snapshots"]
if bpy.app.binary_path:  # Blender itself, in background, where nothing is drawn
    LATE += ["ui.drawing.unsupported", "ui.lists.batch_list", "ui.lists.history_page", "ui.panels", "ui.registration"]
    LATE += [f"ui.operators.{name}" for name in ("batches", "bring_in", "keys_and_storage")]
    LATE += [f"ui.operators.jobs.{name}" for name in ("job_actions", "placed_models", "result_files")]
connected = []
sys.addaudithook(lambda event, args: connected.append(event) if event.startswith("socket.") else None)
threads = set(threading.enumerate())
modules = set(sys.modules)  # Blender 5.2 itself loads requests
bpy.context.preferences.system.use_online_access = True
module = addon_utils.enable(MODULE, default_set=True)
assert module is not None, "it could not be enabled"
for handler in bpy.app.handlers.load_post:  # Blender's start opens a file after it has enabled the extensions
    if handler.__module__.startswith(MODULE):
        handler("")
home = Path(module.__file__).parent
gone = [
    name
    for name in LATE
    if not home.joinpath(*name.split(".")).is_dir() and not (home / f"{name.replace('.', '/')}.py").is_file()
]
assert not gone, f"there is no {gone}"
late = [name for name in LATE if f"{MODULE}.{name}" in sys.modules]
assert callable(importlib.import_module(MODULE).generate)
operators = set(dir(bpy.ops.neural4d))  # a script's; those of the panel's buttons only where there is one
found = {
    "requests": "requests" in set(sys.modules) - modules,
    "numpy": "numpy" in set(sys.modules) - modules,
    "late": late,
    "network": sorted(set(connected)),
    "threads": len(set(threading.enumerate()) - threads),
    "without": sorted({"generate", "generate_from_editor", "generate_from_files", "batch_from_file"} - operators),
}
for _ in range(2):  # switched off and on again, as a user does who looks for the cause of something
    addon_utils.disable(MODULE, default_set=True)
    assert not hasattr(bpy.types.Scene, "neural4d")
    assert addon_utils.enable(MODULE, default_set=True) is not None
    assert bpy.context.scene.neural4d.provider == "neural4d"
print("FOUND=" + json.dumps(found), flush=True)
