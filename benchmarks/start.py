"""What it costs to import things, in CPU beyond an empty interpreter.

Everybody's modules are compiled once before, into a folder of the benchmark's own: else what is installed, and so was
compiled long ago, would stand beside sources that are compiled at each start.
"""

import argparse
import os
import subprocess
import tempfile
from collections import defaultdict
from typing import NamedTuple

from benchmarks._peers import SDKS, US, Contestant
from benchmarks._report import Outcome, Table, at_most, spread

EMPTY = "an empty interpreter"
DEPENDENCIES = "its dependencies alone"
PACKAGE = "import agora_chat_async"
SESSION = "with a Session made"
_MADE = "from agora_chat_async import Session; s = Session('o', 'a', host='http://127.0.0.1', token='t')"
_IMPORTS = {
    "stream-chat": "import stream_chat",
    "getstream": "from getstream import AsyncStream",
    "slack_sdk": "from slack_sdk.web.async_client import AsyncWebClient",
    "twilio": "from twilio.rest import Client",
    "openai": "from openai import AsyncOpenAI; AsyncOpenAI",
    "sendbird (threads)": "from sendbird_platform_sdk.api.user_api import UserApi",
    "githubkit": "from githubkit import GitHub",
}


class Start(NamedTuple):
    """A program whose start is measured."""

    name: str
    who: Contestant
    code: str


STARTS = (
    Start(EMPTY, US, "pass"),
    Start(
        DEPENDENCIES,
        US,
        "import asyncio, aiolimiter, anyio, attrs, cattrs, httpx, aiohttp, httpx_aiohttp, orjson, yarl",
    ),
    Start(PACKAGE, US, "import agora_chat_async"),
    Start(SESSION, US, _MADE),
    Start("and its group users", US, f"{_MADE}; s.users.create"),
    Start("agora-chat --help", US, "from agora_chat_async.cli import main; main(['--help'])"),
    *(Start(f"{sdk.name}", sdk, _IMPORTS[sdk.name]) for sdk in SDKS if sdk.name in _IMPORTS),
)


def cost(start: Start, compiled: str) -> float:
    """CPU seconds of one start."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(
        [start.who.python, "-W", "ignore", "-c", f"import sys\ntry:\n    {start.code}\nexcept SystemExit: pass"],
        stdout=subprocess.DEVNULL,
        env=environment,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{start.name} ended with code {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def run(options: argparse.Namespace) -> Outcome:
    """Measure all starts in turn."""
    figures = defaultdict[str, list[float]](list)
    with tempfile.TemporaryDirectory() as compiled:
        for start in STARTS:
            cost(start, compiled)
        for _ in range(options.starts):
            for start in STARTS:
                figures[start.name].append(cost(start, compiled))
    empty = spread(figures[EMPTY]).median
    beyond = {name: spread((one - empty) * 1000 for one in found) for name, found in figures.items() if name != EMPTY}
    table = Table(
        f"Import, CPU in ms beyond an empty interpreter's {empty * 1000:.0f}, of {options.starts} starts",
        ("", "ms, median (least-most)"),
        [[name, str(found)] for name, found in beyond.items()],
    )
    ratio = spread(a / b for a, b in zip(figures[SESSION], figures[DEPENDENCIES], strict=True)).median
    targets = [
        at_most("import agora_chat_async, ms beyond the interpreter", beyond[PACKAGE].median, 15),
        at_most("a Session made, to the import of its dependencies", ratio, 1.15),
    ]
    return Outcome([table], targets, figures)
