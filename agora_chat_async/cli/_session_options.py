"""The options that say which app a command talks to."""

from __future__ import annotations

import argparse
import os
from typing import Any, Final

from agora_chat_async import AppToken, Session
from agora_chat_async.cli._exits import CommandError

_OF_THE_APP: Final = ("org", "app", "host")


def add_session_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `make_session`; where one is not given, the environment variable in brackets holds."""
    parser.add_argument("--org", help="org name [AGORA_CHAT_ORG]")
    parser.add_argument("--app", help="app name [AGORA_CHAT_APP]")
    parser.add_argument("--host", help="REST host, such as a41.chat.agora.io; several by commas [AGORA_CHAT_HOST]")
    parser.add_argument("--plan", help="price plan: free has a total of 10 calls a second")
    parser.add_argument(
        "--quota",
        action="append",
        default=[],
        metavar="OPERATION=RATE",
        help="a rate other than the documented one, such as users.create=150/second; may be repeated",
    )
    add_certificate_options(parser)


def add_certificate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `app_token`."""
    parser.add_argument("--app-id", help="app id, 32 hexadecimal characters [AGORA_APP_ID]")
    parser.add_argument(
        "--certificate",
        help="app certificate [AGORA_APP_CERTIFICATE]; others on this machine can see it when it is given here",
    )


def make_session(options: argparse.Namespace) -> Session:
    """Make the session that options and environment describe."""
    given: dict[str, Any] = {name: _given(options, name, f"AGORA_CHAT_{name.upper()}") for name in _OF_THE_APP}
    given["host"] = [host.strip() for host in given["host"].split(",") if host.strip()]
    if options.plan:
        given["plan"] = options.plan
    given["quotas"] = given_quotas(options)
    if options.app_id or options.certificate or not os.environ.get("AGORA_CHAT_TOKEN"):
        given["token"] = app_token(options)
    return Session.from_env(**given)


def given_quotas(options: argparse.Namespace) -> dict[str, str]:
    """The rates that the options name, by operation."""
    pairs: list[tuple[str, str, str]] = [text.partition("=") for text in options.quota]
    for name, equals, rate in pairs:
        if not equals:
            raise CommandError(f"--quota {name}{rate}: write it like users.create=150/second")
    return {name: rate for name, _, rate in pairs}


def app_token(options: argparse.Namespace) -> AppToken:
    """Make the token source that options and environment describe."""
    app_id = _given(options, "app_id", "AGORA_APP_ID")
    return AppToken(app_id, _given(options, "certificate", "AGORA_APP_CERTIFICATE"))


def _given(options: argparse.Namespace, name: str, variable: str) -> str:
    value: str | None = getattr(options, name) or os.environ.get(variable)
    if not value:
        raise CommandError(f"{variable} is not set; give it or --{name.replace('_', '-')}")
    return value
