"""The options of the emulator's command line; those that are keywords of `Emulator` are stored under their names."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final, get_args

from agora_chat_async.emulator._faults import KINDS, Fault
from agora_chat_async.emulator._features import FEATURES
from agora_chat_async.emulator._quota import Algorithm
from agora_chat_async.emulator._settings import DEMO_APP, DEMO_APP_ID, DEMO_CERTIFICATE, DEMO_ORG, Dialect
from agora_chat_async.quota import PLANS, Rate

_TEXTS: Final = (
    ("--database", "FILE", ":memory:", "keep the state in this file"),
    ("--org", "NAME", DEMO_ORG, "name of the org"),
    ("--app", "NAME", DEMO_APP, "name of the app"),
    ("--app-id", "HEX", DEMO_APP_ID, "app id"),
    ("--certificate", "HEX", DEMO_CERTIFICATE, "app certificate"),
)
_NUMBERS: Final = (
    ("--background", "SHARE", 0.0, "share of each quota that others use, below 1"),
    ("--jitter", "SECONDS", 0.0, "random delay before a call is counted"),
    ("--latency", "SECONDS", 0.0, "delay before each answer"),
)
_SWITCHES: Final[Sequence[tuple[str, tuple[str, ...] | tuple[int, ...], str]]] = (
    ("--algorithm", get_args(Algorithm), "how calls are counted"),
    ("--dialect", get_args(Dialect), "whose pages hold where the vendors disagree on an answer"),
    ("--batch-conflict", ("partial", "refuse"), "a taken name is reported beside the others, or refuses its batch"),
    ("--upper-case", ("refuse", "fold"), "what becomes of capitals in the name of a new user"),
    ("--too-large", (413, 400), "status for a message that is too large"),
    ("--presence-too-fast", (400, 429), "status for queries of presence above their quota"),
    ("--unknown-path", (501, 500), "status for a path that the service does not have"),
    ("--wrong-method", (500, 405), "status for a method that a known path does not have"),
)
"""Where the sources disagree, or leave a choice; the first value is the default."""
_FLAGS: Final = (
    ("--no-quotas", "enforce_quotas", False, "let every call through"),
    ("--loose", "strict", False, "take members and parameters that an operation does not have"),
    ("--require-password", "require_password", True, "refuse to register users without a password"),
    ("--over-plan", "over_plan", True, "refuse every call, as when the app uses more than its plan has"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the emulator's options to a parser."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8000, help="port to listen on, 0 for a free one (default: %(default)s)")
    add("--allow-remote", action="store_true", help="let --host be reachable from other machines")
    add("--plan", choices=tuple(PLANS), help="price plan; the free one allows 10 calls a second in all")
    add(
        "--quota",
        dest="quotas",
        action="append",
        default=[],
        type=_quota,
        metavar="OPERATION=RATE",
        help="a rate other than the documented one, such as users.create=150/second; may be repeated",
    )
    add(
        "--limit",
        dest="limits",
        action="append",
        default=[],
        type=_limit,
        metavar="THING=NUMBER",
        help="a limit other than that of the plan, such as groups_per_user=2; may be repeated",
    )
    add(
        "--disable",
        dest="disabled",
        action="append",
        default=[],
        choices=tuple(FEATURES),
        help="a feature that is off for the app; may be repeated",
    )
    add(
        "--moderated",
        action="append",
        default=[],
        metavar="WORD",
        help="a word for which names and announcements of groups are refused; may be repeated",
    )
    add(
        "--fault",
        dest="faults",
        action="append",
        default=[],
        type=_fault,
        metavar="KIND[,route=...][,probability=...][,count=...][,seconds=...]",
        help="what goes wrong with some calls, such as lost_answer,route=messages.*,probability=0.02; may be repeated: "
        + ", ".join(KINDS),
    )
    add("--fault-seed", type=int, default=0, metavar="NUMBER", help="for the draws of the faults (default: 0)")
    add(
        "--unknown-user",
        type=int,
        choices=(400, 404),
        help="status for a user who does not exist where the sources name both (default: as each operation has it)",
    )
    for option, metavar, default, purpose in (*_TEXTS, *_NUMBERS):
        add(option, type=type(default), default=default, metavar=metavar, help=f"{purpose} (default: {default})")
    for option, values, purpose in _SWITCHES:
        default = values[0]
        kind = int if isinstance(default, int) else str
        add(option, type=kind, choices=values, default=default, help=f"{purpose} (default: {default})")
    for option, name, value, purpose in _FLAGS:
        add(option, dest=name, action="store_const", const=value, default=not value, help=purpose)
    add("--json", action="store_true", help="print one line of JSON instead of text")
    add("--until-stdin-ends", action="store_true", help=argparse.SUPPRESS)


def _quota(text: str) -> tuple[str, Rate]:
    name, equals, rate = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"a quota is written like users.create=150/second, got {text!r}")
    try:
        return name, Rate.parse(rate)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _fault(text: str) -> Fault:
    try:
        return Fault.of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not number.isdecimal():
        raise argparse.ArgumentTypeError(f"a limit is written like groups_per_user=2, got {text!r}")
    return name, int(number)
