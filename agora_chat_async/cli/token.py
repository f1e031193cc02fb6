"""`agora-chat token`: makes a token on this machine; stdout gets the token and nothing else."""

from __future__ import annotations

import argparse

from agora_chat_async.cli._session_options import add_certificate_options, app_token

_HOUR = 3600
_DESCRIPTION = """\
It is made on this machine, out of the app's id and certificate, without a call to the service; stdout gets the token
and nothing else."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    kinds = parser.add_subparsers(metavar="KIND", required=True, dest="kind")
    app = kinds.add_parser(
        "app", help="a token for the REST API", description=f"Make a token for the REST API. {_DESCRIPTION}"
    )
    user = kinds.add_parser(
        "user",
        help="a token for one user of the app to log in with",
        description=f"Make a token for one user of the app to log in with. {_DESCRIPTION}",
    )
    user.add_argument("username", metavar="NAME")
    for kind in (app, user):
        kind.add_argument("--expire", type=int, default=_HOUR, metavar="SECONDS", help="lifetime, 1 to 86400 [3600]")
        add_certificate_options(kind)


def run(options: argparse.Namespace) -> int:
    """Print the token."""
    username = options.username if options.kind == "user" else ""
    print(app_token(options).make(username, lifetime=options.expire))
    return 0
