"""Calls that wait in line, in a process of their own: `python -m benchmarks._waiting WHO CALLS ORDER` prints JSON.

Times are of the CPU, all of it spent on nothing else.
"""

import asyncio
import gc
import json
import os
import random
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def session_calls():
    from agora_chat_async import Session

    async with Session("org", "app", host="http://127.0.0.1:9", token="t", plan="free", max_in_flight=1) as chat:
        hold = await chat._calls.quotas.make_gate("hold", ()).enter(None, None)
        await asyncio.sleep(0)
        yield lambda: chat.users.create("anna", password="secret")
        await hold.release()


@asynccontextmanager
async def limiter_calls():
    from aiolimiter import AsyncLimiter

    limiter = AsyncLimiter(1, 86_400)
    await limiter.acquire()
    yield limiter.acquire


async def measure(make: Callable[[], Coroutine[Any, Any, Any]], calls: int, order: str) -> dict[str, float]:
    gc.collect()
    before, begun = resident(), time.process_time()
    tasks = [asyncio.create_task(make()) for _ in range(calls)]
    await asyncio.sleep(0)
    made, each = time.process_time() - begun, (resident() - before) / calls
    if order == "random":
        random.Random(1).shuffle(tasks)
    begun = time.process_time()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return {"bytes": each, "made": made, "cancelled": time.process_time() - begun}


async def main(who: str, calls: int, order: str) -> None:
    async with {"agora_chat_async": session_calls, "AsyncLimiter alone": limiter_calls}[who]() as make:
        print(json.dumps(await measure(make, calls, order)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
