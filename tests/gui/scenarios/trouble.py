"""Everything that can go wrong on the way to a model, one after the other, each followed by a click on Retry."""

from __future__ import annotations

import os
import signal
import sys

import bpy
from bl_ext.user_default.neural4d.scene import user_settings
from bl_ext.user_default.neural4d.scene.session import session
from bl_ext.user_default.neural4d.ui.lists.history_page import page
from bl_ext.user_default.neural4d.ui.panels import about_model

from tests.gui.harness_window import Until
from tests.gui.scenarios.history import HISTORY, PANELS, show
from tests.gui.scenarios.steps import ICON, QUICK, all_in, bridge, expect, names, newest, press, reached, start, steer

GENERATE, PROGRESS, FILE = "generateModelWithText", "queryJobProgress", "file"


def scenario(ui, admin_url, token):
    sim = steer(admin_url)
    bridge.timing = QUICK
    real_preparer = user_settings.preparer

    def crashing_preparer():
        user_settings.preparer = lambda: [
            sys.executable,
            "-c",
            "import os; print('neural4d: ready', flush=True); os.abort()",
        ]

    def well_again():
        user_settings.preparer = real_preparer
        sim.clear_faults()
        sim.configure(token=token, balance=1000)

    def broken(*endpoints, **fault):
        return lambda: [sim.set_fault(endpoint, times=None, **fault) for endpoint in endpoints]

    # What is said of the model that came last would push the jobs out of sight.
    about_model.NEURAL4D_PT_about.poll = classmethod(lambda _panel, _context: False)
    cases = {
        "preparer": crashing_preparer,  # first: the models of the others are prepared while it goes on
        "wrong-key": lambda: sim.configure(token="another"),
        "service-down": sim.refuse_connections,
        "http-500": broken(GENERATE, fault="http_500"),
        "http-500-while-generating": broken(PROGRESS, "retrieveModel", fault="http_500"),
        "truncated-glb": broken(FILE, fault="truncated_body"),
        "broken-glb": broken(FILE, fault="broken_glb", where="header"),
        "too-few-points": lambda: sim.configure(balance=10),
    }
    yield from ui.open_tab("Neural4D")
    told = {}
    for number, (name, trouble) in enumerate(cases.items(), 1):
        trouble()
        yield from start(ui, f"a chair {name}")
        yield reached("failed")
        yield from ui.screenshot(f"trouble-{number}-{name}")
        told[name] = {**newest().error, "paid": sim.spent}
        well_again()
        yield from press(ui, r"neural4d\.retry\(", (0.3,))
        yield reached("preparing_model", "ready", "placed")
        told[name]["paid_after_retry"] = sim.spent
        bpy.ops.neural4d.dismiss_ended()
    yield all_in("placed")
    # Where no second Blender can be started this one imports, and says so before it stands still.
    user_settings.preparer = lambda: ["/nonexistent/blender"]
    yield from start(ui, "a chair in place", size_mm=900)
    yield reached("preparing_model")
    yield Until(lambda: newest().note, "to be told why Blender is about to stand still", 10)
    yield 0.5
    yield from ui.screenshot("trouble-9-in-place")
    in_place = newest().note
    yield reached("placed")
    return {"told": told, "names": names(), "in_place": in_place, "scenes": len(bpy.data.scenes)}


def paying_again(ui, admin_url):
    """The service fails to make the model: trying again is paid, so it asks first."""
    sim = steer(admin_url)
    bridge.timing = QUICK
    yield from ui.open_tab("Neural4D")
    sim.set_fault(endpoint=GENERATE, fault="generation_failed")
    yield from start(ui, "a chair")
    yield reached("failed")
    yield from ui.screenshot("again-1-generation-failed")
    error = dict(newest().error)
    yield from press(ui, r"neural4d\.retry\(", (0.3,))
    yield 0.5
    yield from ui.screenshot("again-2-asks-before-paying")
    yield from ui.press("ESC")
    yield 1.0
    expect(newest().state == "failed", "Esc leaves the job as it is")
    after_no = sim.spent
    yield from press(ui, r"neural4d\.retry\(", (0.3,))
    yield 0.5
    yield from ui.press("RET")
    yield reached("placed")
    return {"error": error, "after_no": after_no, "after_yes": sim.spent}


def cancelling(ui, admin_url):
    """Esc while it is free; the Cancel button after that, and Retry, which does not pay again."""
    sim = steer(admin_url)
    bridge.timing = QUICK
    yield from ui.open_tab("Neural4D")
    sim.set_fault(endpoint="queryPointsInfo", fault="hang")
    yield from start(ui, "a chair")
    yield Until(lambda: sim.requests("queryPointsInfo"), "the balance to be asked for", 10)
    expect(newest().state == "queued", "the job waits for the balance")
    yield from ui.screenshot("cancel-1-queued")
    yield from ui.move(*ui.middle())
    yield from ui.press("ESC")
    yield from ui.screenshot("cancel-2-escape")
    yield reached("cancelled", seconds=15)  # although the service still hangs
    sim.clear_faults()
    yield 0.5
    yield from ui.screenshot("cancel-3-cancelled-for-free")
    free = {"paid": sim.spent, "note": newest().note, "sent": len(sim.requests(GENERATE))}

    sim.configure(job_seconds=600)
    yield from start(ui, "a table")
    yield reached("generating")
    yield from press(ui, r"neural4d\.cancel\(", columns=ICON)
    yield reached("cancelled", seconds=15)
    yield from ui.screenshot("cancel-4-cancelled-after-paying")
    paid = {"paid": sim.spent, "note": newest().note}
    # An engine that is slow to answer must not be left alone with the job.
    engine = bridge._process.pid
    os.kill(engine, signal.SIGSTOP)
    yield from press(ui, r"neural4d\.retry\(", (0.3,))
    yield 1.0
    os.kill(engine, signal.SIGCONT)
    yield reached("generating")
    sim.finish_jobs()
    yield reached("placed")
    yield 0.5  # until it is drawn so; before that the other job alone has the button
    yield from press(ui, rf"neural4d\.dismiss\(job=.{newest().id}", columns=ICON)
    yield Until(lambda: newest().dismissed, "the job to be off the list", 20)
    return {"free": free, "cancelled": paid, "paid_after_retry": sim.spent}


def damaged_journal(ui, folder):
    """The engine cannot start; with what is in the way moved, Retry takes the job up as if nothing had been."""
    for panel in HISTORY:
        panel.bl_options = set()  # closed when they are first drawn, otherwise
    yield from show(ui, *PANELS)
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    yield from press(ui, r"neural4d\.list_jobs\(")
    yield Until(lambda: session.asked.unlisted, "the list to say why it is empty", 10)
    yield from ui.screenshot("journal-0-no-list")
    listed = _in_words(session.asked.unlisted)
    yield from start(ui, "a chair")
    yield reached("failed")
    yield Until(lambda: page.trouble, "the History to say so, too", 10)
    yield from ui.screenshot("journal-1-damaged")
    error, told = dict(newest().error), _in_words(page.trouble)
    os.replace(os.path.join(folder, "journal.sqlite3"), os.path.join(folder, "damaged.sqlite3"))
    yield from press(ui, r"neural4d\.retry\(", (0.3,))
    yield reached("placed")
    yield from ui.screenshot("journal-2-placed")
    return {"error": error, "list": listed, "history": told, "names": names()}


def _in_words(error):
    return f"{error['what']} {error['remedy']}"
