"""Runs one contestant in a process of its own, as orders from standard input say: JSON lines in, JSON lines out.

It needs nothing but the standard library, since it runs in the environments of the peers. A contestant is a file with
`calls(url, in_flight)`, an async context manager that gives coroutine functions by name, and perhaps with `facts()`,
which tells more about what was measured.
"""

import asyncio
import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

PATIENCE = 5.0
"""Seconds that calls under way get at the end of a measurement."""


def load(file: str) -> ModuleType:
    sys.path.append(str(Path(file).parent))  # at the end, as some contestants are called like what they import
    spec = importlib.util.spec_from_file_location("contestant", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def keep_calling(
    call: Callable[[], Awaitable[object]], in_flight: int, seconds: float, *, to_the_end: bool, settle: float = 0.0
) -> dict[str, Any]:
    """Make calls for some time, so many at once; those under way then are waited for, or cancelled.

    Calls that are done in the first seconds, which are to settle things, do not count.
    """
    start = time.monotonic() + settle
    end = time.monotonic() + seconds
    done = failed = 0

    async def work() -> None:
        nonlocal done, failed
        while time.monotonic() < end:
            try:
                await call()
            except Exception as error:  # noqa: BLE001 - what a client raises when it is refused is its own matter
                failed += 1
                if failed == 1:
                    print(f"{type(error).__name__}: {error}", file=sys.stderr)
            else:
                done += time.monotonic() >= start

    cpu_before, begun = cpu(), time.monotonic()
    tasks = [asyncio.ensure_future(work()) for _ in range(in_flight)]
    _, pending = await asyncio.wait(tasks, timeout=seconds + (PATIENCE if to_the_end else 0.0))
    spent, took = cpu() - cpu_before, time.monotonic() - begun
    for task in pending:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"done": done, "failed": failed, "cut_off": len(pending), "cpu": spent, "seconds": took, "rss": resident()}


async def measure(contestant: ModuleType, order: dict[str, Any]) -> dict[str, Any]:
    in_flight, seconds = order["in_flight"], order["seconds"]
    async with contestant.calls(order["url"], in_flight) as calls:
        call = calls.get(order["call"])
        if call is None:
            return {"missing": True}
        if warm_up := order.get("warm_up", 0.0):
            await keep_calling(call, in_flight, warm_up, to_the_end=True)
        found = await keep_calling(
            call, in_flight, seconds, to_the_end=order.get("to_the_end", True), settle=order.get("settle", 0.0)
        )
    if found["failed"] and not found["done"]:
        raise RuntimeError("no call succeeded; the first error stands above")
    return found | (contestant.facts() if hasattr(contestant, "facts") else {})


def main(file: str, core: int) -> None:
    if core >= 0:
        os.sched_setaffinity(0, {core})
    contestant = load(file)
    for line in sys.stdin:
        print(json.dumps(asyncio.run(measure(contestant, json.loads(line)))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
