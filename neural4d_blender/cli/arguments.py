"""The commands' arguments and their help, made from what the services declare.

Standard library and the engine's ``protocol`` only. There is no argument for a key: other users of a computer
can read a program's arguments.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from ..engine.protocol import AXES, ORIGINS, Declaration, InvalidInput, Option, State, declarations
from .codes import MEANINGS

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_INTRO = "Models from a prompt or an image, as files in real size."
_KEYS = "The key of a service is read from the environment ({keys}) or from Blender's preferences."


def parser(prog: str) -> argparse.ArgumentParser:
    """The whole command line, under the name that starts it here."""
    top = argparse.ArgumentParser(
        prog=prog,
        description=f"{_INTRO} {_KEYS.format(keys=', '.join(service.key_env for service in declarations()))}",
        epilog=_exit_codes(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_generate, _resume, _jobs, _balance, _services):
        add(commands, prog)
    return top


def _command(
    commands: Any, name: str, purpose: str, examples: Iterable[str], *, online: bool = True, more: str = ""
) -> argparse.ArgumentParser:
    parts = ["examples:\n" + "\n".join(f"  {example}" for example in examples), more, _exit_codes()]
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=purpose,
        description=purpose[0].upper() + purpose[1:] + ".",
        epilog="\n\n".join(part for part in parts if part),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    command.add_argument("--data-dir", metavar="FOLDER", help="for journal and downloads, instead of the usual one")
    if online:
        command.add_argument(
            "--online-mode",
            action="store_true",
            help="allow network access for this command where Blender's preferences do not",
        )
    return command


def _exit_codes() -> str:
    return "exit codes:\n" + "\n".join(f"  {code:3d}  {meaning}" for code, meaning in MEANINGS.items())


def _generate(commands: Any, prog: str) -> None:
    examples = (
        f'{prog} generate "a cute bird" --size-mm 120 -o bird.glb',
        f'{prog} generate "a wooden chair" --size-mm 900 --axis Z -o chair.blend -o chair.stl --thumbnail chair.png',
        f"{prog} generate --image mug.png --size-mm 95 --axis Z --max-points 100 -o mug.usdz --json",
        f'{prog} generate "a red rocket" --variants 4 --every-variant -o rocket.glb --dry-run',
    )
    more = "options of a service (--option KEY=VALUE):\n" + "\n".join(_options())
    command = _command(commands, "generate", "make a model and write it to files", examples, more=more)
    command.add_argument("prompt", nargs="?", default="", metavar="PROMPT", help="what to make")
    command.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="FILE",
        help="of a picture instead: a file, or a web address if the service takes it (repeatable)",
    )
    _service(command, "neural4d")
    most = max(service.max_variants for service in declarations())
    command.add_argument("--variants", type=int, default=1, metavar="N", help=f"models to make, up to {most}")
    command.add_argument("--every-variant", action="store_true", help="write all of them: bird.glb, bird-2.glb, ...")
    command.add_argument(
        "--pbr",
        action=argparse.BooleanOptionalAction,
        help="with roughness, metallic and normal maps, or without; by default where the service has them",
    )
    command.add_argument("--size-mm", type=float, metavar="MM", help="exact size in millimetres along the axis")
    command.add_argument("--axis", type=str.upper, choices=AXES, default="LONGEST", help="default: %(default)s")
    command.add_argument("--origin", type=str.upper, choices=ORIGINS, default="BOTTOM", help="default: %(default)s")
    command.add_argument(
        "--format",
        type=str.upper,
        choices=_formats(),
        help="what the service delivers, of which Blender makes the output; by default what it makes of itself",
    )
    command.add_argument("--option", action="append", default=[], metavar="KEY=VALUE", help="see below (repeatable)")
    command.add_argument("--name", default="", help="name of the object and of the files; the prompt by default")
    _arrival(command)
    _files(command)
    command.add_argument("--max-points", type=int, metavar="N", help="stop before the job costs more than this")
    command.add_argument("--dry-run", action="store_true", help="check everything, print the price, send nothing")
    _timeout(command)


def _arrival(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("what the model is to be like")
    group.add_argument("--joined", action="store_true", help="one mesh instead of the parts it came in")
    group.add_argument("--max-faces", type=int, metavar="N", help="at most so many faces")
    group.add_argument("--recalculate-normals", action="store_true", help="turn faces outwards, shade smooth")
    group.add_argument("--quads", action="store_true", help="pairs of triangles become quads")


def _files(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("files")
    group.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help=".blend, .glb, .fbx, .obj, .stl or .usdz, by its ending (repeatable); NAME.glb by default. "
        "An .stl is in millimetres, all others in metres. A file of that name is replaced",
    )
    group.add_argument("--as-made", action="store_true", help="the service's own file, byte by byte, unscaled")
    group.add_argument("--thumbnail", default="", metavar="PNG", help="render a picture of the model")


def _resume(commands: Any, prog: str) -> None:
    examples = (f"{prog} resume", f"{prog} resume --retry --timeout 600", f"{prog} resume 3f2a9c1e")
    what = "go on with everything that was interrupted, wait for it, and write the files"
    command = _command(commands, "resume", what, examples)
    command.add_argument("job", nargs="*", metavar="JOB", help="these jobs only; the beginning of an id will do")
    command.add_argument("--retry", action="store_true", help="failed jobs too, where that is not paid again")
    _timeout(command)


def _jobs(commands: Any, prog: str) -> None:
    examples = (
        f"{prog} jobs",
        f"{prog} jobs --state failed",
        f"{prog} jobs --totals",
        f"{prog} jobs chair --limit 5 --json",
    )
    command = _command(commands, "jobs", "list the jobs of this computer, newest first", examples, online=False)
    command.add_argument("text", nargs="?", default="", metavar="TEXT", help="whose prompt or name has this in it")
    command.add_argument("--state", choices=[state.value for state in State], metavar="STATE", help="%(choices)s")
    _service(command)
    command.add_argument("--limit", type=int, default=50, metavar="N", help="default: %(default)s")
    command.add_argument("--totals", action="store_true", help="instead: jobs, points and disk space by month")


def _balance(commands: Any, prog: str) -> None:
    examples = (f"{prog} balance", f"{prog} balance --provider neural4d --json")
    command = _command(commands, "balance", "ask for the points that are left", examples)
    _service(command)


def _services(commands: Any, prog: str) -> None:
    _command(commands, "services", "show what each service can do", (f"{prog} services",), online=False)


def _service(command: argparse.ArgumentParser, default: str | None = None) -> None:
    command.add_argument(
        "--provider",
        "--service",
        choices=[service.id for service in declarations()],
        default=default,
        help="the service; default: %(default)s" if default else "this service only",
    )


def _timeout(command: argparse.ArgumentParser) -> None:
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="wait no longer; the jobs go on with resume")


def _formats() -> list[str]:
    found = {name: None for service in declarations() for name in service.formats}
    return list(found)


def _options() -> list[str]:
    lines = []
    for service in declarations():
        lines.append(f"  {service.name}:" + ("" if service.options else " none"))
        lines += [f"    {option.key}={_takes(option)}  {option.help}" for option in service.options]
    return lines


def _takes(option: Option) -> str:
    return "|".join(option.choices) if option.choices else f"({option.limits})"


def options_of(service: Declaration, given: Iterable[str]) -> dict[str, Any]:
    """The service's options from KEY=VALUE texts.

    Raises:
        InvalidInput: no KEY=VALUE, or a value of another kind. UnsupportedFeature: the service has no such option.
    """
    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f"--option takes KEY=VALUE, not {text!r}.")
        found[key] = _value(service.option(key), value)
    return found


def _value(option: Option, text: str) -> Any:
    word = text.lower()
    try:
        if option.kind == "bool":
            if word not in (*_TRUE, *_FALSE):
                raise ValueError(word)
            return word in _TRUE
        return {"int": int, "float": float}.get(option.kind, str)(text)
    except ValueError:
        raise InvalidInput(f"The option {option.key} takes {option.limits}, not {text!r}.") from None
