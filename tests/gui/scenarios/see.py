"""The first model is met: in the default cube, shown by itself, told in the status bar, moved beside, undone."""

from __future__ import annotations

import bpy
from bl_ext.user_default.neural4d.scene import whereabouts
from bl_ext.user_default.neural4d.scene.finished_jobs import endings
from bl_ext.user_default.neural4d.ui.drawing import languages
from bpy.app.translations import pgettext_iface

from tests.gui.harness_window import GaveUp
from tests.gui.scenarios.steps import (
    QUICK,
    Until,
    bridge,
    expect,
    in_viewport,
    in_window,
    modal_operators,
    neural4d,
    newest,
    press,
    reached,
    start,
    steer,
)


def scenario(ui, admin_url):
    sim = steer(admin_url)
    bridge.timing = QUICK
    yield from ui.open_tab("Neural4D")
    yield from ui.screenshot("see-1-suggested")
    view = bpy.context.window_manager.windows[0].screen.areas
    view = next(area for area in view if area.type == "VIEW_3D").spaces.active.region_3d
    before = view.view_distance
    done = {"suggested": bpy.context.scene.neural4d.size}

    # Two jobs at one cursor, in the default cube.
    yield from start(ui, "a wooden chair")
    yield reached("generating")
    first = newest().id
    yield from start(ui, "a little table", size=1.0)
    yield reached("generating")
    second = newest().id
    yield 1.5
    yield from ui.screenshot("see-2-two-at-one-cursor")
    done["apart"] = [_held(job).location.x for job in (first, second)]
    done["inside"] = whereabouts.in_the_way(first)
    yield from press(ui, r"neural4d\.move_beside\(.*" + first)
    yield Until(lambda: not whereabouts.in_the_way(first), "the placeholder to be moved", 5)
    done["moved"] = _held(first).location.x
    yield from ui.screenshot("see-3-moved-beside")
    with in_window():
        bpy.ops.ed.undo()
    done["back"] = _held(first).location.x
    expect(view.view_distance == before, "nothing was framed yet")

    # Somebody looks around while the models come: nothing is framed under their hand.
    x, y = ui.middle()
    ui.window.event_simulate(type="MIDDLEMOUSE", value="PRESS", x=x, y=y)
    yield 0.1
    yield from ui.move(x + 40, y)
    expect(modal_operators(), "the view hangs on the mouse")
    sim.finish_jobs()
    yield Until(lambda: any(whereabouts.stands(job) for job in (first, second)), "a model", 30)
    yield 1.0
    expect(view.view_distance == before, "nothing is framed while somebody looks around")
    ui.window.event_simulate(type="MIDDLEMOUSE", value="RELEASE", x=x + 40, y=y)
    yield Until(lambda: all(whereabouts.stands(job) for job in (first, second)), "both models", 30)
    yield Until(lambda: view.view_distance != before, "the first one to be framed", 10)
    yield 1.0
    yield from ui.screenshot("see-4-shown-by-itself")
    done["selected"] = [thing.name for thing in bpy.context.selected_objects]
    done["told"] = len(endings.told())
    with in_viewport():
        bpy.ops.view3d.view_all()
        bpy.ops.object.select_all(action="DESELECT")
    yield 0.5
    yield from press(ui, r"neural4d\.show\(.*" + second)
    yield Until(lambda: whereabouts.roots(second)[0].select_get(), "the second one to be selected", 5)
    yield from press(ui, r"neural4d\.material_preview\(", columns=(0.7, 0.75, 0.8))
    yield 3.0
    yield from ui.screenshot("see-5-material-preview")

    # Another workspace: the status bar has it all. One fails, one runs.
    sim.set_fault("file", "broken_glb", times=None, where="header")
    bpy.context.preferences.addons["bl_ext.user_default.neural4d"].preferences.play_sound = True
    yield from start(ui, "a bottle", size=1.0)
    yield reached("generating")
    bottle = newest().id
    sim.finish_jobs()
    yield Until(lambda: bridge.jobs[bottle].state == "failed", "the bottle to fail", 30)
    sim.clear_faults()
    neural4d.generate("a very long story about a mug with a handle", size_mm=300)
    neural4d.generate("a robot", size_mm=300)
    yield reached("generating")
    bpy.context.window_manager.windows[0].workspace = bpy.data.workspaces["Scripting"]
    yield 2.0
    yield from ui.screenshot("see-6-status-bar-elsewhere")
    done["failed"] = bottle in [job.id for job in endings.told()]
    yield from in_status_bar(ui, lambda: bridge.jobs[bottle].state != "failed")
    yield Until(lambda: bridge.jobs[bottle].state == "placed", "the bottle, by Retry in the status bar", 30)
    with in_window():
        for job in endings.told():
            bpy.ops.neural4d.close_ending(job=job.id)
    robot = newest().id
    neural4d.Job(next(job.id for job in bridge.jobs.under_way.values() if job.id != robot)).cancel()
    yield Until(lambda: len(bridge.jobs.under_way) == 1, "one job to be left", 20)
    yield 1.5
    yield from ui.screenshot("see-7-status-bar-alone")
    yield from in_status_bar(ui, lambda: bridge.jobs[robot].state == "cancelled" or bridge.jobs[robot].note)
    yield Until(lambda: bridge.jobs[robot].state == "cancelled", "the job to be cancelled from the status bar", 20)

    # What comes while nobody looks at the viewport is shown from there too.
    neural4d.generate("a mug", size_mm=300)
    yield reached("generating")
    mug = newest().id
    sim.finish_jobs()
    yield Until(lambda: whereabouts.stands(mug), "the mug", 30)
    with in_viewport():
        bpy.ops.object.select_all(action="DESELECT")
    yield 1.0
    yield from ui.screenshot("see-8-status-bar-ended")
    yield from in_status_bar(ui, lambda: whereabouts.roots(mug)[0].select_get())
    bpy.context.window_manager.windows[0].workspace = bpy.data.workspaces["Layout"]
    yield 0.5

    # Another file: what stood in the old one does not stand in it.
    with in_window():
        bpy.ops.wm.read_homefile(app_template="")
    yield from ui.open_tab("Neural4D")
    yield 1.0
    yield from ui.screenshot("see-9-another-file")
    done["elsewhere"] = whereabouts.stands(first)
    done["translated twice"] = yield from translated_twice()
    return done


def translated_twice():
    """What Blender takes for English once it is translated: it looks up every label that it is given."""
    view, found = bpy.context.preferences.view, []
    english = view.language
    for path in sorted(languages.FOLDER.glob("*.json")):
        view.language = path.stem
        yield 0.3
        texts = {text for (_, text) in languages.table(path.stem)}
        told = {languages.tr(text) for text in texts}
        found += [(path.stem, word, again) for word in sorted(told) if (again := pgettext_iface(word)) != word]
    view.language = english
    return found


def in_status_bar(ui, pressed):
    """Click there from left to right until a button was pressed: Blender tells no script what is where in it."""
    for x in range(ui.window.width // 2, ui.window.width - 8, 10):
        yield from ui.click(x, 12)
        yield 0.3
        if pressed():
            return
    raise GaveUp("the button was not found in the status bar")


def _held(job):
    return neural4d.Job(job).placeholder
