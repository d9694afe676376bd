"""A loopback port that can stop listening and come back, for 'connection refused'.

May import aiohttp.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

LOOPBACK = "127.0.0.1"


def reset_connection(transport: asyncio.BaseTransport | None) -> None:
    """End a connection with a TCP RST (a plain close would send FIN, which reads as a clean end)."""
    if not isinstance(transport, asyncio.Transport) or transport.is_closing():
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Port:
    """One web application on one loopback port."""

    def __init__(self, app: web.Application, port: int) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        self.port = port
        self._site: web.SockSite | None = None
        self._return: asyncio.TimerHandle | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    async def open(self) -> None:
        """Start listening.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        await self._listen()

    async def _listen(self) -> None:
        if self._site is not None:
            return
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((LOOPBACK, self.port))
        except OSError:
            sock.close()
            raise
        self.port = sock.getsockname()[1]
        self._site = web.SockSite(self._runner, sock)
        await self._site.start()

    async def refuse(self, seconds: float | None, spare: asyncio.BaseTransport | None = None) -> None:
        """Stop listening and reset the open connections (but `spare`), for some seconds or until `accept`."""
        site, self._site = self._site, None
        if site is not None:
            await site.stop()
        if self._runner.server is not None:
            for connection in self._runner.server.connections:
                if connection.transport is not spare:
                    reset_connection(connection.transport)
        self._cancel_return()
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._return = loop.call_later(seconds, lambda: loop.create_task(self.accept()))

    async def accept(self) -> None:
        """Listen again on the same port."""
        self._cancel_return()
        await self._listen()

    async def close(self) -> None:
        self._cancel_return()
        await self._runner.cleanup()

    def _cancel_return(self) -> None:
        if self._return is not None:
            self._return.cancel()
            self._return = None
