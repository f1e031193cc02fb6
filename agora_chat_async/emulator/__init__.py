"""A local emulator of the Agora Chat REST API: stateful, with the documented quotas, errors and quirks.

In process, without a socket, or served over HTTP::

    emulator = Emulator()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator")

    async with serve(emulator) as info: ...    # in the running event loop
    with spawn(plan="free") as info: ...       # in a process of its own
"""

from agora_chat_async.emulator._app import Emulator
from agora_chat_async.emulator._command import add_arguments, main, run
from agora_chat_async.emulator._serve import EmulatorInfo, serve, spawn
from agora_chat_async.emulator._settings import DEMO_APP, DEMO_APP_ID, DEMO_CERTIFICATE, DEMO_ORG

__all__ = [
    "DEMO_APP",
    "DEMO_APP_ID",
    "DEMO_CERTIFICATE",
    "DEMO_ORG",
    "Emulator",
    "EmulatorInfo",
    "add_arguments",
    "main",
    "run",
    "serve",
    "spawn",
]
