"""The options that say which app a command talks to."""

from __future__ import annotations

import argparse
import os
from typing import Any

from agora_chat_async import AppToken, Session
from agora_chat_async.cli._exits import CommandError


def add_session_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `make_session`; where one is not given, the environment variable in brackets holds."""
    parser.add_argument("--org", help="org name [AGORA_CHAT_ORG]")
    parser.add_argument("--app", help="app name [AGORA_CHAT_APP]")
    parser.add_argument("--host", help="REST host, such as a41.chat.agora.io [AGORA_CHAT_HOST]")
    parser.add_argument("--plan", help="price plan: free has a total of 10 calls a second")
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
    values: dict[str, Any] = {name: getattr(options, name) for name in ("org", "app", "host", "plan")}
    given = {name: value for name, value in values.items() if value}
    if options.app_id or options.certificate:
        given["token"] = app_token(options)
    return Session.from_env(**given)


def app_token(options: argparse.Namespace) -> AppToken:
    """Make the token source that options and environment describe."""
    app_id = options.app_id or os.environ.get("AGORA_APP_ID")
    certificate = options.certificate or os.environ.get("AGORA_APP_CERTIFICATE")
    if not app_id or not certificate:
        missing = "AGORA_APP_ID" if not app_id else "AGORA_APP_CERTIFICATE"
        raise CommandError(f"the environment variable {missing} is not set")
    return AppToken(app_id, certificate)
