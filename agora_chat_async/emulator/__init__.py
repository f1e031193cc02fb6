"""A local emulator of the Agora Chat REST API: stateful, with the documented quotas, errors and quirks.

In process, without a socket, or served over HTTP::

    emulator = Emulator()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator")

    async with serve(emulator) as info: ...    # in the running event loop
    with spawn(plan="free") as info: ...       # in a process of its own
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from agora_chat_async.emulator._command import main, run
from agora_chat_async.emulator._faults import Fault
from agora_chat_async.emulator._options import add_arguments
from agora_chat_async.emulator._settings import DEMO_APP, DEMO_APP_ID, DEMO_CERTIFICATE, DEMO_ORG

if TYPE_CHECKING:
    from agora_chat_async.emulator._app import Emulator
    from agora_chat_async.emulator._serve import EmulatorInfo, serve, spawn

__all__ = [
    "DEMO_APP",
    "DEMO_APP_ID",
    "DEMO_CERTIFICATE",
    "DEMO_ORG",
    "Emulator",
    "EmulatorInfo",
    "Fault",
    "add_arguments",
    "main",
    "run",
    "serve",
    "spawn",
]

_LATER: Final = {"Emulator": "_app", "EmulatorInfo": "_serve", "serve": "_serve", "spawn": "_serve"}
"""Module of each name that needs the extra: `agora-chat emulator --help` does without."""


if not TYPE_CHECKING:  # so that checkers refuse what does not exist

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        globals()[name] = value
        return value
