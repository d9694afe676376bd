"""The command line of the simulator: the four services' APIs on this machine's loopback, until it is told to end.

May import aiohttp by way of the parts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import signal
import sys
import threading

from .csm.service import Csm
from .goneural.service import GoNeural
from .http import admin, file_server, gateway
from .http.port import LOOPBACK, Port
from .modelslab.service import ModelsLab
from .neural4d.service import Neural4D
from .settings import GENERATIONS, OTHER_SERVICES, SERVICES, SettingError, Settings
from .state import World

DEFAULT_PORT = 47310


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    defaults = Settings()
    parser = argparse.ArgumentParser(
        prog=f"python3 -m {__package__}",
        description="A stand-in for the APIs of Neural4D, CSM, GoNeural and ModelsLab, on 127.0.0.1 only. "
        "Nothing it does costs anything.",
        epilog="Faults, settings, ledger and request log are on the admin port; GET /faults there lists all faults.",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="API port, 0 for any (%(default)s)")
    parser.add_argument("--files-port", type=int, help="port of the results, another host to the client (API port + 1)")
    parser.add_argument("--admin-port", type=int, help="port for faults, settings and ledger (API port + 2)")
    parser.add_argument("--token", default=defaults.token, help="the token that Neural4D accepts (%(default)s)")
    parser.add_argument("--balance", type=int, default=defaults.balance, help="points on each account (%(default)s)")
    parser.add_argument(
        "--job-seconds", type=float, default=defaults.job_seconds, help="time a model takes (%(default)s)"
    )
    parser.add_argument(
        "--generation", choices=GENERATIONS, default="today", help="what all services are (%(default)s)"
    )
    parser.add_argument("--blender", help="Blender for conversions: a path or command line (else $BLENDER, bpy, PATH)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help=f"any other setting, such as --set triangles=1000000; there are: "
        f"{', '.join(item.name for item in dataclasses.fields(Settings))}",
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="end when standard input closes")
    parser.add_argument("--json", action="store_true", help="print the addresses as one JSON line")
    return parser.parse_args(arguments)


def settings_from(options: argparse.Namespace) -> Settings:
    """The settings the command line asks for.

    Raises:
        SettingError: an unknown name or an unfit value.
    """
    changes = {
        "token": options.token,
        "balance": options.balance,
        "job_seconds": options.job_seconds,
        "blender": options.blender,
    }
    for item in options.set:
        name, _, text = item.partition("=")
        try:
            changes[name] = json.loads(text)
        except ValueError:
            changes[name] = text
    settings = Settings(generations=dict.fromkeys(SERVICES, options.generation))
    settings.update(changes)
    return settings


async def run(options: argparse.Namespace, settings: Settings) -> None:
    """Serve until SIGINT, SIGTERM or, where asked for, the end of standard input.

    Raises:
        OSError: a port is taken.
    """
    world = World(settings)
    world.services.extend([Neural4D(world), Csm(world), GoNeural(world), ModelsLab(world)])
    first = options.port
    world.api_port = Port(gateway.make_app(world), first)
    world.file_port = Port(
        file_server.make_app(world), options.files_port if options.files_port is not None else first and first + 1
    )
    admin_port = Port(
        admin.make_app(world), options.admin_port if options.admin_port is not None else first and first + 2
    )
    ports = [world.api_port, world.file_port, admin_port]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in its event loop.
            loop.add_signal_handler(number, stop.set)
    try:
        for port in ports:
            await port.open()
        world.files.base_url = world.file_port.url
        _announce(options, settings, world.api_port.url, world.file_port.url, admin_port.url)
        if options.exit_with_parent:
            _watch_parent(loop, stop)
        await stop.wait()
    finally:
        world.release()
        for service in world.services:
            service.reset()
        await world.converter.stop()
        for port in ports:
            await port.close()
        world.models.close()


def _announce(options: argparse.Namespace, settings: Settings, api: str, file_host: str, admin_url: str) -> None:
    if options.json:
        print(json.dumps({"api_url": api, "files_url": file_host, "admin_url": admin_url}), flush=True)
        return
    print(f"Stand-in for all services: API at {api}, results at {file_host}, admin at {admin_url}")
    print(f"{settings.balance} points, {settings.job_seconds:g} s a model. To use it:\n")
    print(f"export NEURAL4D_API_URL={api}\nexport NEURAL4D_API_TOKEN={settings.token}")
    for service in OTHER_SERVICES:
        key = getattr(settings, f"{service}_key")
        print(f"export {service.upper()}_API_URL={api}\nexport {service.upper()}_API_KEY={key}")
    print(flush=True)


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """A thread, because a pipe cannot be waited for in the event loop of every system."""

    def wait() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        with contextlib.suppress(RuntimeError):  # The loop may have ended before.
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, daemon=True).start()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the result is the exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        asyncio.run(run(options, settings_from(options)))
    except SettingError as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"simulator: cannot listen on {LOOPBACK}: {error}. Another --port, or --port 0, helps.", file=sys.stderr)
        return 1
    return 0
