"""`agora-chat emulator`: the emulator's own options and server."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the emulator's options."""
    from agora_chat_async.emulator import add_arguments as add

    add(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until it is interrupted."""
    from agora_chat_async.emulator import run as serve

    return serve(options)
