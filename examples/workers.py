"""Sends from two processes that keep the app's quota together, through one SQLite file.

Needs `pip install 'agora-chat-async[emulator]'`. Several machines take `RedisStore("redis://...")` instead.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
from pathlib import Path

from agora_chat_async import AppToken, Session
from agora_chat_async.emulator import EmulatorInfo, spawn
from agora_chat_async.stores import SQLiteStore


async def work(info: EmulatorInfo, quotas: str, name: str) -> None:
    """Register users, as fast as the two may together."""
    token = AppToken(info.app_id, info.certificate)
    async with Session(info.org, info.app, host=info.url, token=token, store=SQLiteStore(quotas)) as chat:
        await asyncio.gather(*(chat.users.create(f"{name}-{number}") for number in range(100)))
        print(f"{name}: 100 users, {chat.stats.refused} calls refused")


def start(info: EmulatorInfo, quotas: str, name: str) -> None:
    """Begin a process; each makes a session of its own."""
    asyncio.run(work(info, quotas, name))


def main() -> None:
    """Start two workers and wait for them."""
    with tempfile.TemporaryDirectory() as folder, spawn() as info:
        context = multiprocessing.get_context("spawn")
        quotas = str(Path(folder) / "quotas.sqlite")
        workers = [context.Process(target=start, args=(info, quotas, name)) for name in ("first", "second")]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


if __name__ == "__main__":
    main()
