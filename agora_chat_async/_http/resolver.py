"""Names to addresses, where a name server that never answers holds up nothing else.

The system's own lookup knows every source that other programs use, but blocks, for half a minute or longer where name
servers are out of reach. It runs in threads of its own, one for each name that is being looked up in this process:
not in those of the event loop, which would soon all wait for the same name, and which the end of a program waits for.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from concurrent.futures import Future
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

_Found = list[tuple[Any, Any, int, str, tuple[Any, ...]]]
_Question = tuple[str, int, int]

_lookups: Final = dict[_Question, Future[_Found]]()
"""Those under way; who asks the same again waits for the same answer."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lookups.clear)  # threads do not come along

_NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Resolver(AbstractResolver):
    """Looks names up by the system's means."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host; an OSError says that there are none."""
        found = await asyncio.wrap_future(_look_up((host, port, family)))
        return [
            ResolveResult(hostname=host, host=address[0], port=address[1], family=kind, proto=protocol, flags=_NUMERIC)
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Do nothing: threads end with their lookups."""


def _look_up(question: _Question) -> Future[_Found]:
    lookup = Future[_Found]()
    lookup.set_running_or_notify_cancel()  # so that nobody who no longer waits can cancel it for the others
    current = _lookups.setdefault(question, lookup)
    if current is lookup:
        try:
            threading.Thread(target=_work, args=(question, lookup), name="agora_chat_async DNS", daemon=True).start()
        except RuntimeError as error:  # no more threads can be had
            _lookups.pop(question, None)
            lookup.set_exception(OSError(str(error)))
    return current


def _work(question: _Question, lookup: Future[_Found]) -> None:
    host, port, family = question
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    except Exception as error:  # noqa: BLE001 - raised where it is waited for
        _lookups.pop(question, None)
        lookup.set_exception(error)
    else:
        _lookups.pop(question, None)
        lookup.set_result(found)
