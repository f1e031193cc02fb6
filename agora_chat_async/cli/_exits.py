"""Exit codes, and the one line that tells an error."""

from __future__ import annotations

import os
import sys
from enum import IntEnum
from typing import Final

from agora_chat_async.errors import (
    AgoraChatError,
    AppNotFound,
    ConnectFailed,
    Forbidden,
    InvalidArgument,
    PlanLimitExceeded,
    TokenError,
    Unauthorized,
)


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    SOME_FAILED = 1
    BAD_INPUT = 2
    TOO_MANY_ERRORS = 3
    """More went wrong than the caller allows."""
    LOCAL_IO = 4
    NO_RIGHT = 5
    """The token or the price plan forbids it."""
    UNREACHABLE = 6
    """No connection to the service."""
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on, for a reason that its user can understand."""

    def __init__(self, message: str, code: ExitCode = ExitCode.BAD_INPUT) -> None:
        super().__init__(message)
        self.code = code


_NO_RIGHT: Final = (Unauthorized, PlanLimitExceeded, Forbidden, AppNotFound, TokenError)
_EXTRAS: Final = {"rich": "cli", "starlette": "emulator", "uvicorn": "emulator", "httptools": "emulator"}


def say(message: str) -> None:
    """Print a line on stderr."""
    print(f"agora-chat: {message}", file=sys.stderr)


def exit_code_of(error: BaseException) -> int:
    """Tell an error in one line and return the exit code for it; errors of the program itself are raised again."""
    if isinstance(error, KeyboardInterrupt):
        say("interrupted")
        return ExitCode.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # Whoever read the output has seen enough; the interpreter must not complain when it flushes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    code = _code(error)
    if code is None:
        raise error
    say(in_one_line(error))
    return code


def code_of(error: AgoraChatError) -> ExitCode:
    """Return the exit code for an error of the library."""
    if isinstance(error, _NO_RIGHT):
        return ExitCode.NO_RIGHT
    if isinstance(error, ConnectFailed):
        return ExitCode.UNREACHABLE
    return ExitCode.BAD_INPUT if isinstance(error, InvalidArgument) else ExitCode.SOME_FAILED


def _code(error: BaseException) -> ExitCode | None:
    from agora_chat_async.bulk import InputError, JournalError

    if isinstance(error, CommandError):
        return error.code
    if isinstance(error, AgoraChatError):
        return code_of(error)
    if isinstance(error, InputError | JournalError) or missing_extra(error):
        return ExitCode.BAD_INPUT
    return ExitCode.LOCAL_IO if isinstance(error, OSError) else None


def in_one_line(error: BaseException) -> str:
    """Tell an error in words that its user can understand."""
    package = _missing_package(error)
    if package in _EXTRAS:
        return f"{package} is not installed; this command needs: pip install 'agora-chat-async[{_EXTRAS[package]}]'"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, ConnectFailed):
        from agora_chat_async.bulk.wording import in_plain_words

        return in_plain_words(error)
    return str(error)


def missing_extra(error: BaseException) -> bool:
    """Whether an error says that an extra of the library is not installed."""
    return _missing_package(error) in _EXTRAS


def _missing_package(error: BaseException) -> str:
    return (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
