"""What an account has, in Python and with a real background Blender: pages, pictures, sentences; nothing is paid."""

from __future__ import annotations

import bpy
import pytest
import requests

import neural4d_blender as neural4d
from neural4d_blender.engine.model.inputs.image_header import read_image_facts
from neural4d_blender.scene.ask_engine import ask
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator
from tests.support.other_services import data_uri
from tests.support.simulator_client import TIMEOUT

pytestmark = pytest.mark.one_blender

__all__ = ["sim", "simulator"]


def test_a_page_with_its_pictures(sim: Simulator) -> None:
    sim.configure(generations={"csm": "today"}, csm_formats=["glb"])
    order = {"type": "image_to_3d", "input": {"image_url": data_uri()}}
    headers = {"x-api-key": sim.keys["csm"]}
    made = requests.post(f"{sim.api_url}/v3/sessions/", json=order, headers=headers, timeout=TIMEOUT)
    id = made.json()["_id"]
    spent = sim.spent
    page = neural4d.account_models("csm")
    assert ([model.id for model in page.models], page.more) == ([id], False)
    (model,) = page.models
    assert (model.outcome, model.obstacle, model.job) == ("done", "", "")
    assert model.created is not None
    pictures = ask("draw_pictures", 120, provider="csm", pictures={id: model.preview_url}).pictures
    facts = read_image_facts(pictures[id])
    assert (facts.format, max(facts.width, facts.height) <= 256) == ("PNG", True)
    assert sim.spent == spent


def test_what_cannot_be_asked_is_refused_before_anything_is_sent(sim: Simulator) -> None:
    for provider in ("neural4d", "goneural", "modelslab"):
        with pytest.raises(neural4d.UnsupportedFeature, match="no list of the models"):
            neural4d.account_models(provider)
    with pytest.raises(neural4d.InvalidInput):
        neural4d.account_models("csm", page=-1)
    with pytest.raises(neural4d.InvalidInput):
        neural4d.account_models("nobody")
    bpy.context.preferences.system.use_online_access = False
    with pytest.raises(neural4d.OnlineAccessOff):
        neural4d.account_models("csm")
    assert sim.requests() == []
