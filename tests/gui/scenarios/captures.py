"""Pictures of the viewport and of the camera's view, and an image dropped on the viewport.

The scene is a red square on blue, drawn flat: whatever has another colour is an overlay or a gizmo.
"""

from __future__ import annotations

from pathlib import Path

import bpy
from bl_ext.user_default.neural4d.engine.errors import InvalidInput
from bl_ext.user_default.neural4d.scene.images import captures, export

from tests.gui.scenarios.steps import expect, in_viewport

RED, BLUE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0)


def set_up(ui):
    """A square of 2 x 2 below a camera that sees 4 x 2, in a view from above with all overlays and gizmos on."""
    scene = bpy.context.scene
    bpy.context.preferences.system.viewport_aa = "8"  # as it is for most users; the harness has switched it off
    with in_viewport():
        bpy.ops.object.select_all(action="SELECT")
        bpy.ops.object.delete()
        bpy.ops.mesh.primitive_plane_add(size=2)
        bpy.context.object.color = RED
        bpy.ops.object.camera_add(location=(0, 0, 5), rotation=(0, 0, 0))
        camera = bpy.context.object
        bpy.ops.view3d.view_axis(type="TOP")
    camera.data.type, camera.data.ortho_scale = "ORTHO", 4
    scene.camera = camera
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x, scene.render.resolution_y = 200, 100
    shading = ui.area().spaces[0].shading
    shading.type, shading.light, shading.color_type = "SOLID", "FLAT", "OBJECT"
    shading.background_type, shading.background_color = "VIEWPORT", BLUE
    shading.show_object_outline = False
    yield 1.0  # the view turns smoothly


def settings(ui):
    """What a capture changes for a moment."""
    space = ui.area().spaces[0]
    return [space.overlay.show_overlays, space.show_gizmo, space.shading.type, space.show_region_ui]


def scenario(ui, folder: str):
    scene, out = bpy.context.scene, Path(folder)
    yield from set_up(ui)
    render = rendered(scene, out / "before.png")
    with in_viewport():
        bpy.ops.ed.undo_push(message="Before")
        scene.frame_end = 77
        bpy.ops.ed.undo_push(message="The user's")
    before, blocks = settings(ui), len(bpy.data.images)
    yield from ui.screenshot("captures-window")
    report = {"viewport": str(captures.capture_viewport(out)), "camera": str(captures.capture_camera(out))}
    region = ui.region("WINDOW")
    report["region"] = [region.x, region.y, region.width, region.height]
    expect(settings(ui) == before == [True, True, "SOLID", before[3]], f"settings restored, not {settings(ui)}")
    expect(len(bpy.data.images) == blocks, "no image left behind")
    expect(rendered(scene, out / "after.png", again=False) == render, "the render result untouched")
    with in_viewport():
        bpy.ops.ed.undo()
    expect(bpy.context.scene.frame_end != 77, "no undo step made")
    yield 0.2
    report["errors"] = [*errors(ui)]
    expect(settings(ui) == before, "settings restored after an error")
    return report


def rendered(scene, path: Path, again: bool = True) -> bytes:
    """The render result as a file."""
    if again:
        scene.render.engine = "BLENDER_WORKBENCH"
        bpy.ops.render.render()
    export.save_as_rendered(bpy.data.images["Render Result"], path)
    return path.read_bytes()


def errors(ui):
    """What is said where there is nothing to capture."""
    scene, space = bpy.context.scene, ui.area().spaces[0]
    camera, scene.camera = scene.camera, None
    yield said(captures.capture_camera)
    scene.camera = camera
    space.region_3d.view_location = (1000, 0, 0)
    space.region_3d.update()
    yield said(captures.capture_viewport)


def said(capture) -> str:
    try:
        capture(Path(bpy.app.tempdir))
    except InvalidInput as error:
        return error.what
    return "nothing"


def cycles(ui, folder: str):
    """A viewport that is rendered with Cycles: shown all the same."""
    yield from set_up(ui)
    scene, space = bpy.context.scene, ui.area().spaces[0]
    material = bpy.data.materials.new("Glow")
    if not material.node_tree:  # before Blender 5
        material.use_nodes = True
    surface = material.node_tree.nodes["Principled BSDF"]
    for name, value in {
        "Base Color": (0, 0, 0, 1),
        "Specular IOR Level": 0,
        "Emission Color": RED,
        "Emission Strength": 1,
    }.items():
        surface.inputs[name].default_value = value
    bpy.data.objects["Plane"].data.materials.append(material)
    scene.render.engine, scene.cycles.preview_samples = "CYCLES", 1
    space.shading.type = "RENDERED"
    yield 3.0
    path = captures.capture_viewport(Path(folder))
    expect(space.shading.type == "RENDERED", "the shading restored")
    return str(path)


def dropped(ui, path: str):
    """An image dropped on the viewport: Blender's own uses of it are offered beside ours, and ours is chosen."""
    x, y = ui.middle()
    yield from ui.move(x, y)
    with in_viewport():
        # What Blender itself calls when a file is let go over a window.
        files = [{"name": Path(path).name}]
        bpy.ops.wm.drop_import_file("INVOKE_DEFAULT", directory=str(Path(path).parent), files=files)
    yield 0.5
    yield from ui.screenshot("captures-dropped")
    yield from ui.press("G")
    yield 0.5
    yield from ui.screenshot("captures-dropped-chosen")
    yield from ui.press("ESC")  # the pop-up that a drop opens
    yield 0.3
    chosen = bpy.context.scene.neural4d
    expect("EMPTY" not in {thing.type for thing in bpy.data.objects}, "ours chosen, not Blender's own")
    before = [chosen.image_source, chosen.image_path]
    with in_viewport():
        bpy.ops.ed.undo()
    yield 0.2
    return {"chosen": before, "undone": bpy.context.scene.neural4d.image_path}
