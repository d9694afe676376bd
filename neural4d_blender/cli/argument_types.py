"""What the commands' arguments have in common. Standard library and the engine's ``protocol`` only."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from ..client.made_for import MADE_FOR
from ..engine.protocol import AXES, ORIGINS, REPAIRS, USES, declarations
from .exit_codes import MEANINGS


def command_of(
    commands: Any, name: str, purpose: str, examples: Iterable[str], *, online: bool = True, more: str = ""
) -> argparse.ArgumentParser:
    """A subcommand with its examples, and the options that every one has."""
    parts = ["examples:\n" + "\n".join(f"  {example}" for example in examples), more, exit_codes()]
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=purpose,
        description=purpose[0].upper() + purpose[1:] + ".",
        epilog="\n\n".join(part for part in parts if part),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    command.add_argument("--data-dir", metavar="FOLDER", help="for history and downloads, instead of the usual one")
    command.add_argument("--config", metavar="FILE", help="settings (TOML) under the environment; default: the user's")
    loud = command.add_mutually_exclusive_group()
    loud.add_argument("-q", "--quiet", action="store_true", help="no progress and no notes, errors and results only")
    loud.add_argument("-v", "--verbose", action="count", default=0, help="what happens, too; -vv: everything")
    command.add_argument("--log-file", default="", metavar="FILE", help="gets all of that, with times")
    if online:
        command.add_argument(
            "--online-mode",
            action="store_true",
            help="allow network access for this command where Blender's preferences do not",
        )
    return command


#: What stands for no budget, where there was one.
NO_LIMIT = "none"


def points(text: str) -> int | str:
    """A number of points, or that there is to be no limit."""
    return NO_LIMIT if text.lower() == NO_LIMIT else int(text)


def sides(text: str) -> tuple[float, float]:
    """Width and depth, as in 220x220."""
    width, depth = (float(side) for side in text.lower().split("x"))
    return width, depth


def add_made_for(group: Any) -> None:
    """What the files are for."""
    usual = ", ".join(f"{kind} for {use}" for use, kind in MADE_FOR.items())
    group.add_argument(
        "--for",
        dest="made_for",
        choices=MADE_FOR,
        default="",
        help="files as that game engine takes them, a .glb or a .fbx: names, axes and units, levels of detail and "
        "collision shapes; for print a .3mf or an .stl, and whether it can be printed is said first; "
        f"the kind by default: {usual}",
    )


def kinds_of(asked: argparse.Namespace) -> list[str]:
    """The kinds of files that are written of each model, each once."""
    return list(dict.fromkeys(asked.type or [MADE_FOR.get(asked.made_for, "glb")]))


def _lods(text: str) -> list[float]:
    return [float(part) for part in text.replace(";", ",").split(",") if part.strip()]


def exit_codes() -> str:
    """The exit codes, for the end of a help text."""
    return "exit codes:\n" + "\n".join(f"  {code:3d}  {meaning}" for code, meaning in MEANINGS.items())


def add_service(command: argparse.ArgumentParser, default: str | None = None) -> None:
    """The option that names a service; without a default it narrows down."""
    command.add_argument(
        "--provider",
        "--service",
        choices=[*(service.id for service in declarations()), "sample"],
        default=default,
        help="the service, or sample: built-in models, free, with no key; default: %(default)s"
        if default
        else "this service only",
    )


def add_timeout(command: argparse.ArgumentParser) -> None:
    """The option that limits the waiting."""
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="wait no longer; the jobs go on with resume")


def add_arrival(group: Any) -> None:
    """What becomes of a model when it is here, wherever it is from."""
    group.add_argument("--size-mm", type=float, metavar="MM", help="exact size in millimetres along the axis")
    group.add_argument("--axis", type=str.upper, choices=AXES, help="default: LONGEST")
    group.add_argument("--origin", type=str.upper, choices=ORIGINS, help="default: BOTTOM")
    group.add_argument("--joined", action="store_true", default=None, help="one mesh instead of the parts it came in")
    group.add_argument("--max-faces", type=int, metavar="N", help="at most so many faces")
    group.add_argument(
        "--recalculate-normals", action="store_true", default=None, help="turn faces outwards, shade smooth"
    )
    group.add_argument("--quads", action="store_true", default=None, help="pairs of triangles become quads")
    group.add_argument(
        "--repair", action="append", choices=REPAIRS, metavar="WHAT", help="put right: %(choices)s (repeatable)"
    )
    group.add_argument(
        "--retopology",
        type=str.upper,
        metavar="QUADS|TRIANGLES",
        help="a new mesh of --max-faces with textures baked from the model; default: NONE",
    )
    group.add_argument("--texture-size", type=int, metavar="N", help="pixels of a side of those; by default as before")
    group.add_argument(
        "--lods",
        type=_lods,
        metavar="N,N",
        help="levels of detail: each a part of the faces, as 0.5, or a number of them",
    )
    group.add_argument("--collision", type=str.upper, metavar="BOX|CONVEX|PIECES", help="collision shapes")
    group.add_argument("--animation", action="store_true", default=None, help="keep rigs and what moves them")
    group.add_argument(
        "--require",
        choices=USES,
        help="what the model has to be fit for; one that is not is kept, and told by the exit code",
    )


def add_settings(command: argparse.ArgumentParser, title: str) -> None:
    """What a model is to be like: the same for one model and for a table of them. What is not given is None."""
    group = command.add_argument_group(title)
    most = max(service.max_variants for service in declarations())
    group.add_argument(
        "--picture-first",
        action=argparse.BooleanOptionalAction,
        help="have a picture made of the prompt, and the model of that; it is paid for on its own",
    )
    many = max(service.max_pictures for service in declarations())
    group.add_argument(
        "--pictures",
        type=int,
        metavar="N",
        help=f"pictures to make first, up to {many}, of which the first is taken; default: 1",
    )
    group.add_argument("--variants", type=int, metavar="N", help=f"models to make, up to {most}; default: 1")
    group.add_argument("--best-for", choices=USES, help="which of several variants is taken; default: render")
    group.add_argument("--max-points", type=int, metavar="N", help="stop before a job costs more than this")
    group.add_argument(
        "--project", metavar="NAME", help="what it is for, by which points are counted; default: $NEURAL4D_PROJECT"
    )
    group.add_argument(
        "--retry-below",
        type=float,
        metavar="SCORE",
        help="while the best score (0 to 1) is lower, order and pay the same once more; needs --max-points",
    )
    group.add_argument("--max-tries", type=int, metavar="N", help="of --retry-below, the first one counted; default: 3")
    group.add_argument(
        "--pbr",
        action=argparse.BooleanOptionalAction,
        help="with roughness, metallic and normal maps, or without; by default where the service has them",
    )
    group.add_argument(
        "--format",
        type=str.upper,
        choices=list(dict.fromkeys(name for service in declarations() for name in service.formats)),
        help="what the service delivers, of which Blender makes the output; by default what it makes of itself",
    )
    group.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE", help="the service's own, see below (repeatable)"
    )
    add_arrival(group)


def add_allow_failed(command: argparse.ArgumentParser) -> None:
    """The option for farms, which stop all that follows where a task ends with another code than 0."""
    command.add_argument(
        "--allow-failed",
        action="store_true",
        help="exit with 0 where all that went wrong is that jobs failed; the report says which",
    )


def add_key(command: argparse.ArgumentParser, what: str) -> None:
    """The option by which a command is known when it is started once more."""
    text = (
        f"your own name for the {what}: started once more with it, the same {what} goes on, and nothing is paid twice"
    )
    command.add_argument("--key", default="", metavar="TEXT", help=text)


def add_replacing(group: Any) -> None:
    """What becomes of files that are there already; without a word for it they are left alone, and so is all else."""
    either = group.add_mutually_exclusive_group()
    either.add_argument("--if-missing", action="store_true", help="do nothing where the files are there already")
    either.add_argument("--overwrite", action="store_true", help="replace files of these names")
