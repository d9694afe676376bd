"""Draws what a job costs, what is left, and the cap on it; and what is said where a service names no price."""

from __future__ import annotations

import bpy

from ...engine import protocol
from ...engine.protocol import Feature, Request
from ...scene.engine_process import bridge
from ..drawing import labels, unsupported
from . import panel_request
from .properties import NEURAL4D_PG_settings, service


def estimate(chosen: NEURAL4D_PG_settings, *, of_image: bool) -> int | None:
    """What the settings amount to, in the service's points; None where nobody knows."""
    return protocol.estimate(chosen.provider, panel_request.request(chosen, of_image=of_image), bridge.prices)


def no_cap(chosen: NEURAL4D_PG_settings) -> str:
    """Why the job's cost cannot be capped; empty where it can."""
    if estimate(chosen, of_image=chosen.input == "IMAGE") is not None:
        return ""
    declared = service(chosen)
    return f"{declared.name} documents no price for this and none was measured yet, so a cap cannot be kept."


def draw(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, *, of_image: bool) -> None:
    """The price beside the balance, or one of them, or neither; below it its parts, and what stands in its way."""
    declared = service(chosen)
    balance = bridge.balances.get(chosen.provider)
    request = panel_request.request(chosen, of_image=of_image)
    price = protocol.estimate(chosen.provider, request, bridge.prices)
    measured = protocol.measured(chosen.provider, request, bridge.prices)
    short = balance is not None and price is not None and balance.total < price
    row = layout.row(align=True)
    left = row.row()
    left.alert = short and measured
    left.label(text=labels.price(price, declared.unit, measured=measured))
    right = row.row(align=True)
    right.alignment = "RIGHT"
    if why := declared.lacks(Feature.BALANCE):
        if price is None:
            why = f"{declared.name} documents no price. {why}"
        right.operator("neural4d.why", text="", icon="INFO", emboss=False).why = why
    else:
        right.label(text=f"{balance.total:,} left" if balance else "Balance")
        right.operator("neural4d.test_key", text="", icon="FILE_REFRESH", emboss=False).provider = chosen.provider
    if request.picture_first and (parts := in_parts(request, chosen.provider)):
        labels.draw(layout, parts, inset=3)
    if short:
        why = f"There are not enough {declared.unit} for this at the service."
        if not measured:
            why = f"The service may want more {declared.unit} than are left: its price was never measured here."
        labels.draw(layout, why, "ERROR" if measured else "INFO", inset=3)


def in_parts(request: Request, provider: str) -> str:
    """What each thing costs: the pictures, then what is made of one of them; empty where no price is known."""
    costs = protocol.costs(provider, request, bridge.prices)
    if len(costs) < 2 or all(points is None for _, points in costs):
        return ""
    things = [labels.count(request.pictures, "picture"), labels.count(request.variants, "model")]
    things += [operation for operation, _ in costs[2:]]
    told = zip(things, costs, strict=True)
    return ", ".join(f"{thing} {'not known' if points is None else points}" for thing, (_, points) in told)


def draw_cap(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings) -> None:
    """The cap; one that is set and cannot be kept can still be taken off."""
    why = no_cap(chosen)
    row = unsupported.row(layout, why)
    row.enabled = row.enabled or chosen.use_cap
    row.alert = bool(why and chosen.use_cap)
    row.prop(chosen, "use_cap")
    most = layout.column()
    most.active = chosen.use_cap and not why
    most.prop(chosen, "max_points", text=f"{service(chosen).unit.title()} at Most")


def draw_points(layout: bpy.types.UILayout, provider: str, unit: str) -> None:
    """The balance by kind, and what was spent through this computer's journal."""
    balance = bridge.balances.get(provider)
    if balance:
        kept = (("permanent", balance.permanent), ("monthly", balance.monthly), ("yearly", balance.yearly))
        kinds = [f"{points:,} {kind}" for kind, points in kept if points]
        labels.draw(layout, f"{balance.total:,} {unit} left: {', '.join(kinds) or 'none'}")
        if balance.expires:
            labels.draw(layout, f"{unit.title()} lapse on {balance.expires}", "TIME")
    if bridge.spent.get(provider):
        layout.label(text=f"{bridge.spent[provider]:,} {unit} spent so far")
