"""What 100,000 calls cost that wait in line for their quota."""

import asyncio
import gc
import random
import time
from pathlib import Path

from agora_chat_async import Session

CALLS = 100_000


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def measure() -> bool:
    print(f"\n{CALLS:,} waiting calls of users.create")
    print(f"{'cancelled':>12}{'bytes each':>12}{'made in':>10}{'cancelled in':>14}")
    fine = True
    async with Session("org", "app", host="http://127.0.0.1:9", token="t", plan="free", max_in_flight=1) as chat:
        hold = await chat._calls.quotas.make_gate("hold", ()).enter(None, None)
        for order in ("in order", "at random"):
            gc.collect()
            before, begun = resident(), time.perf_counter()
            tasks = [asyncio.create_task(chat.users.create("anna", password="secret")) for _ in range(CALLS)]
            await asyncio.sleep(0)
            made, each = time.perf_counter() - begun, (resident() - before) / CALLS
            if order == "at random":
                random.shuffle(tasks)
            begun = time.perf_counter()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            gone = time.perf_counter() - begun
            # Memory of the first round is used again by the second, which therefore tells nothing of it.
            shown = f"{each:.0f}" if order == "in order" else "-"
            print(f"{order:>12}{shown:>12}{made:>8.1f} s{gone:>12.1f} s")
            fine = fine and (order != "in order" or each <= 4096)
        await hold.release()
    return fine


def run(_: float) -> bool:
    return asyncio.run(measure())
