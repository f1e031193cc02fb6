"""`agora-chat emulator`: the emulator's own options and server."""

from __future__ import annotations

from agora_chat_async.emulator import add_arguments, run

__all__ = ["add_arguments", "run"]
