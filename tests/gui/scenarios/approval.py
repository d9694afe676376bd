"""Two jobs that would go over the allowance: one is approved of in the panel, the other declined."""

from __future__ import annotations

import re

from bl_ext.user_default.neural4d.ui.drawing import policy

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import QUICK, bridge, newest, press, reached, start, steer


def scenario(ui, admin_url):
    sim = steer(admin_url)
    bridge.timing = QUICK
    yield from ui.open_tab("Neural4D")
    yield from start(ui, "a chair")
    yield asked()
    yield 0.5
    yield from ui.screenshot("approval-1-asks")
    paid = sim.spent
    yield from press(ui, r"neural4d\.approve\(")
    yield reached("placed")
    approved = str(newest().state)
    yield from start(ui, "a table")
    yield asked()
    yield from press(ui, r"neural4d\.decline\(", (0.75,))
    yield reached("failed")
    yield 0.5
    yield from ui.screenshot("approval-2-declined")
    return {
        "paid_while_it_asked": paid,
        "approved": approved,
        "declined": dict(newest().error),
        "variants_grey": bool(re.search("variants", policy.why("variants"))),
    }


def asked():
    """Wait until the newest job waits for the user's word."""
    return Until(lambda: bridge.jobs and newest().asks, "it to ask", 30)
