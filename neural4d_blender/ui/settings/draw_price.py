"""Draws the button with the price, what is left, the spending limit; and what is said where no price is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy

from ...engine import protocol
from ...engine.protocol import Feature, Request
from ...scene.shared_engine import bridge
from ..drawing import labels, unsupported
from ..drawing.languages import sentence, tr
from . import panel_request
from .properties import NEURAL4D_PG_settings, service

#: Rows' heights that the sidebar's tabs, the panel's margins and the button's own take of the width.
_AROUND = 3.0


def estimate(chosen: NEURAL4D_PG_settings, *, of_image: bool) -> int | None:
    """What the settings amount to, in the service's points; None where nobody knows."""
    return protocol.estimate(chosen.provider, panel_request.request(chosen, of_image=of_image), bridge.prices)


def no_cap(chosen: NEURAL4D_PG_settings) -> str:
    """Why the job's cost cannot be limited; empty where it can."""
    if estimate(chosen, of_image=chosen.input == "IMAGE") is not None:
        return ""
    declared = service(chosen)
    why = tr("{name} documents no price for this and none was measured yet, so a limit cannot be kept.")
    return why.format(name=declared.name)


def draw(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, *, of_image: bool, in_editor: bool = False) -> None:
    """What there is to know of the price; then the button, which names it."""
    said = tr("Generate · {price}").format(price=draw_told(layout, chosen, of_image=of_image))
    button = layout.row()
    button.scale_y = 1.6
    button.enabled = not panel_request.forbidden(chosen, of_image=of_image)
    icon: Any = "SHADERFX" if labels.fits(said, inset=_AROUND + 1) else "NONE"  # the price goes before it
    button.operator("neural4d.generate_from_editor" if in_editor else "neural4d.generate", text=said, icon=icon)


def draw_told(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, *, of_image: bool) -> str:
    """What is left at the service that charges, what the price is made of, and what stands in its way.

    Returns the price, as ``price_text`` does.
    """
    declared = service(chosen)
    balance = bridge.balances.get(chosen.provider)
    request = panel_request.request(chosen, of_image=of_image)
    price = protocol.estimate(chosen.provider, request, bridge.prices)
    measured = protocol.measured(chosen.provider, request, bridge.prices)
    short = balance is not None and price is not None and balance.total < price
    if request.variants > 1 and price == protocol.estimate(
        chosen.provider, replace(request, variants=1), bridge.prices
    ):
        layout.label(
            text=(
                tr("{variants} variants, same price") if price else tr("{variants} variants, price not known")
            ).format(variants=request.variants)
        )
    row = layout.row(align=True)
    left = row.row()
    left.alert = short and measured
    if why := declared.lacks(Feature.BALANCE):
        if price is None:
            why = f"{tr('{name} documents no price.').format(name=declared.name)} {sentence(why)}"
        left.label(text=tr("Paid at {name}").format(name=declared.name))
        row.operator("neural4d.why", text="", icon="INFO", emboss=False).why = why
    else:
        points = labels.points(balance.total, declared.id) if balance else f"? {tr(declared.unit)}"
        left.label(text=labels.cut(f"{declared.name}: {tr('{points} left').format(points=points)}", inset=3.5))
        row.operator("neural4d.test_key", text="", icon="FILE_REFRESH", emboss=False).provider = chosen.provider
    if request.picture_first and (parts := in_parts(request, chosen.provider)):
        labels.draw(layout, parts, inset=3)
    if short:
        why = tr("There are not enough {unit} for this at the service.").format(unit=tr(declared.unit))
        if not measured:
            why = tr("The service may want more {unit} than are left: its price was never measured here.")
            why = why.format(unit=tr(declared.unit))
        labels.draw(layout, why, "ERROR" if measured else "INFO", inset=3)
        get = tr("Get {unit}").format(unit=tr(declared.unit.title()))
        layout.operator("wm.url_open", text=get, icon="URL").url = declared.keys_page
    return labels.amount(price, declared.unit, measured=measured)


def button_text(chosen: NEURAL4D_PG_settings, *, of_image: bool) -> str:
    """What the button does, and what that costs."""
    return tr("Generate · {price}").format(price=price_text(chosen, of_image=of_image))


def price_text(chosen: NEURAL4D_PG_settings, *, of_image: bool) -> str:
    """What the settings cost, as far as it is known."""
    request = panel_request.request(chosen, of_image=of_image)
    price = protocol.estimate(chosen.provider, request, bridge.prices)
    measured = protocol.measured(chosen.provider, request, bridge.prices)
    return labels.amount(price, service(chosen).unit, measured=measured)


def in_parts(request: Request, provider: str) -> str:
    """What each thing costs: the pictures, then what is made of one of them; empty where no price is known."""
    costs = protocol.costs(provider, request, bridge.prices)
    if len(costs) < 2 or all(points is None for _, points in costs):
        return ""
    things = [labels.count(request.pictures, "picture"), labels.count(request.variants, "model")]
    things += [operation for operation, _ in costs[2:]]
    told = zip(things, costs, strict=True)
    return ", ".join(f"{thing} {tr('not known') if points is None else points}" for thing, (_, points) in told)


def draw_cap(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings) -> None:
    """The limit; one that is set and cannot be kept can still be taken off."""
    why = no_cap(chosen)
    row = unsupported.row(layout, why)
    row.enabled = row.enabled or chosen.use_cap
    row.alert = bool(why and chosen.use_cap)
    row.prop(chosen, "use_cap")
    most = layout.column()
    most.use_property_split = False  # the name has all the room
    most.active = chosen.use_cap and not why
    most.prop(chosen, "max_points", text=tr("{unit} at Most").format(unit=tr(service(chosen).unit.title())))


def draw_points(layout: bpy.types.UILayout, provider: str, unit: str) -> None:
    """The balance by kind, and what was spent through this computer's journal."""
    balance = bridge.balances.get(provider)
    if balance:
        kept = (
            (tr("permanent"), balance.permanent),
            (tr("monthly"), balance.monthly),
            (tr("yearly"), balance.yearly),
        )
        kinds = [f"{points:,} {kind}" for kind, points in kept if points]
        labels.draw(
            layout,
            tr("{points} left: {kinds}").format(points=labels.points(balance.total, provider), kinds=", ".join(kinds)),
        )
        if balance.expires:
            labels.draw(layout, tr("{unit} lapse on {day}").format(unit=tr(unit.title()), day=balance.expires), "TIME")
    if bridge.spent.get(provider):
        layout.label(text=tr("{points} spent so far").format(points=labels.points(bridge.spent[provider], provider)))
