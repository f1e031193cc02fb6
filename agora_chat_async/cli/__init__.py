"""`agora-chat`, the command line; each command is a module of its own that is imported when it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Final

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "demo": ("demo", "provision 20,000 users at a local emulator and measure it: needs no account"),
    "users": ("users", "register users from a file"),
    "token": ("token", "make a token for the app or for a user"),
    "routes": ("routes", "print the operations of the service and their quotas"),
    "emulator": ("emulator", "serve an emulator of the service on this machine"),
}
"""Module and help of each command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The exit code: 0 done, 1 some of it failed, 2 bad usage or input, 3 more went wrong than allowed, 4 a local I/O
        error, 5 no right or the price plan is used up, 6 the service cannot be reached, 130 interrupted.
    """
    from agora_chat_async.cli._exits import exit_code_of

    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        command, namespace = _parse(arguments)
        code: int = command.run(namespace)
        sys.stdout.flush()
    except SystemExit as end:  # argparse ends by it
        return end.code if isinstance(end.code, int) else 2
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - what is not understood is raised again
        return exit_code_of(error)
    return code


def _parse(arguments: Sequence[str]) -> tuple[ModuleType, argparse.Namespace]:
    from agora_chat_async import __version__
    from agora_chat_async.cli._exits import in_one_line, missing_extra

    parser = argparse.ArgumentParser(
        prog="agora-chat", description="Agora Chat from the command line.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"agora-chat-async {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, (module, summary) in COMMANDS.items():
        subparser = commands.add_parser(name, help=summary, description=_sentence(summary), allow_abbrev=False)
        if name == chosen:
            command = import_module(f"{__name__}.{module}")
            try:
                command.add_arguments(subparser)
            except ModuleNotFoundError as error:
                # What a command is for can be told without the packages that it needs.
                if not missing_extra(error) or not {"-h", "--help"}.intersection(arguments):
                    raise
                subparser.epilog = in_one_line(error)
            subparser.set_defaults(command=command)
    namespace = parser.parse_args(arguments)
    return namespace.command, namespace


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
