"""One icon has one meaning: what shares an icon does the same thing, to something else."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

UI = Path(__file__).parents[3] / "neural4d_blender" / "ui"
DRAWS = {"operator", "menu", "operator_menu_enum"}
#: What several buttons share an icon for, by what it means.
SHARED = {
    "ADD": {"add_library", "save_style"},
    "CANCEL": {"cancel", "stop_batch"},
    "CHECKMARK": {"close_notices", "place"},  # it is so: read, or in the scene
    "COPYDOWN": {"copy_as_python", "copy_report"},
    "CURSOR": {"place", "place_batch"},
    "DRIVER_DISTANCE": {"MT_size", "measure_size"},
    "FILE_REFRESH": {"measure_files", "test_key"},  # ask anew
    "FILE_TICK": {"report_batch", "save", "save_asset"},
    "IMAGE_DATA": {"add_reference_image", "generate_popup"},
    "PLAY": {"continue_batch", "try_sample"},
    "PREFERENCES": {"open_network_settings", "open_preferences"},
    "RECOVER_LAST": {"list_batches", "list_jobs", "use_prompt"},  # of earlier
    "SHADERFX": {"MT_add", "generate_again", "generate_popup", "image_to_3d"},
    "TRIA_RIGHT": {"move_beside", "turn_page"},  # to the right
    "X": {"close_ending", "dismiss", "dismiss_batch", "dismiss_ended", "remove_reference"},
}


def test_what_shares_an_icon_means_the_same() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in DRAWS and node.args:
                icon = next((one.value for one in node.keywords if one.arg == "icon"), None)
                if isinstance(icon, ast.Constant) and isinstance(node.args[0], ast.Constant):
                    found[icon.value].add(node.args[0].value.removeprefix("neural4d.").removeprefix("NEURAL4D_"))
    assert {icon: buttons for icon, buttons in found.items() if len(buttons) > 1} == SHARED
