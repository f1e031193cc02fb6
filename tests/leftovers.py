"""What may be left behind when something has ended."""

from __future__ import annotations

import asyncio

from raw_server import RawServer


async def tasks_left() -> set[str]:
    """Name the tasks beside those of the test and its servers, once the ones that are ending have ended."""
    for _ in range(50):
        await asyncio.sleep(0)
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks() - {asyncio.current_task()}}  # type: ignore[union-attr]
    return {name for name in names if "RawServer" not in name and "fixture" not in name.lower()}


async def connections_left(server: RawServer, expected: int = 0) -> int:
    """Count the connections that are open at a server, once those that are being closed are."""
    for _ in range(200):
        if server.open_now <= expected:
            break
        await asyncio.sleep(0.01)
    return server.open_now
