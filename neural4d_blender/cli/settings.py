"""What a command's settings, and a service's own options (``--option KEY=VALUE``), come to.

Standard library, batching and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import cast

from ..batching.table.cell_values import truth
from ..batching.table.generate_arguments import Metadata, ModelSettings
from ..engine.protocol import Declaration, InvalidInput, Option, Options, OptionValue, declarations

#: What ``argument_types.add_settings`` takes, as ``generate`` in Python calls it, less the options of a service.
_PLAIN = (
    "picture_first", "pictures", "variants", "best_for", "retry_below", "max_tries", "max_points", "project",
    "pbr", "size_mm", "axis", "origin", "format",
)  # fmt: skip
#: Those that are Blender's work: a file as the service made it knows nothing of them.
OF_BLENDER = (
    *("joined", "max_faces", "recalculate_normals", "quads", "repair", "retopology", "texture_size", "lods"),
    *("collision", "animation", "require"),
)


def describe() -> list[str]:
    """What each service takes with --option, a line each."""
    lines = []
    for service in declarations():
        lines.append(f"  {service.name}:" + ("" if service.options else " none"))
        lines += [f"    {option.key}={_takes(option)}  {option.help}" for option in service.options]
    return lines


def settings_of(service: Declaration, asked: argparse.Namespace) -> ModelSettings:
    """The arguments of ``generate`` that were given; of what was not, its own defaults hold.

    Raises:
        InvalidInput, UnsupportedFeature: see :func:`options_of`.
    """
    given = {name: getattr(asked, name) for name in (*_PLAIN, *OF_BLENDER)}
    found = cast("ModelSettings", {name: value for name, value in given.items() if value is not None})
    if asked.option:
        found["options"] = options_of(service, asked.option)
    return found | _carried(asked)


def arrival_of(asked: argparse.Namespace) -> ModelSettings:
    """The arguments of ``bring_in`` that were given, less what to bring in."""
    given = {name: getattr(asked, name) for name in ("size_mm", "axis", "origin", *OF_BLENDER)}
    return cast("ModelSettings", {name: value for name, value in given.items() if value is not None}) | _carried(asked)


def _carried(asked: argparse.Namespace) -> ModelSettings:
    """The metadata from KEY=VALUE texts; InvalidInput where one is none."""
    found: Metadata = {}
    for text in asked.meta:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f"--meta takes KEY=VALUE, not {text!r}.")
        found[name] = value
    return {"metadata": found} if found else {}


def options_of(service: Declaration, given: Iterable[str]) -> Options:
    """The service's options from KEY=VALUE texts.

    Raises:
        InvalidInput: no KEY=VALUE, or a value of another kind. UnsupportedFeature: the service has no such option.
    """
    found: Options = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f"--option takes KEY=VALUE, not {text!r}.")
        found[key] = _value(service.option(key), value)
    return found


def views_of(given: Iterable[str]) -> dict[str, str]:
    """Pictures by side from SIDE=FILE texts; which sides there are is the service's business.

    Raises:
        InvalidInput: no SIDE=FILE, or a side is given twice.
    """
    found: dict[str, str] = {}
    for text in given:
        side, _, file = text.partition("=")
        if not side or not file:
            raise InvalidInput(f"--view takes SIDE=FILE, as in left=left.png, not {text!r}.")
        if side in found:
            raise InvalidInput(f"--view has the side {side!r} twice.", "Leave one of them out.")
        found[side] = file
    return found


def _value(option: Option, text: str) -> OptionValue:
    kinds: dict[str, Callable[[str], OptionValue]] = {"bool": truth, "int": int, "float": float}
    try:
        return kinds.get(option.kind, str)(text)
    except ValueError:
        raise InvalidInput(f"The option {option.key} takes {option.limits}, not {text!r}.") from None


def _takes(option: Option) -> str:
    return "|".join(option.choices) if option.choices else f"({option.limits})"
