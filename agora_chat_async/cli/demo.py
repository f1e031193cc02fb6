"""`agora-chat demo`: the library's main job on a fresh machine, measured, with no account and no server.

An emulator of the service is started in a process of its own. Everything goes to it over HTTP, through a Session as
any program has it, at the quota that the service documents.
"""

from __future__ import annotations

import argparse
import asyncio
from itertools import islice
from pathlib import Path
from typing import Final

import agora_chat_async
from agora_chat_async.bulk.reading import iter_users
from agora_chat_async.cli._demo_report import faults_of, lines_of, show
from agora_chat_async.cli._demo_run import Target, measure
from agora_chat_async.cli._exits import CommandError, ExitCode, say
from agora_chat_async.cli._stopping import two_step_stop
from agora_chat_async.models.users import NewUser

ALL_USERS: Final = 20_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--users", type=int, default=ALL_USERS, metavar="N", help=f"how many users, 1 to {ALL_USERS} [{ALL_USERS}]"
    )
    parser.add_argument("--keep", action="store_true", help="leave the emulator running until Ctrl-C")


def run(options: argparse.Namespace) -> int:
    """Run the demo, print what was measured, and name what is not as it should be."""
    from agora_chat_async.emulator import spawn

    if not 1 <= options.users <= ALL_USERS:
        raise CommandError(f"--users is from 1 to {ALL_USERS}")
    users = read_demo_users(options.users)
    with spawn(port=0) as emulator:
        target = Target(emulator.url, emulator.org, emulator.app, emulator.app_id, emulator.certificate)
        print(f"{len(users):,} users for an emulator of the service at {target.url}, at the documented quota ...")
        measured = asyncio.run(measure(target, users))
        show(lines_of(measured))
        faults = faults_of(measured)
        for fault in faults:
            say(f"not as it should be: {fault}")
        print("Everything is as it should be." if not faults else "Not everything is as it should be.")
        if options.keep:
            asyncio.run(_keep(target))
    return ExitCode.SOME_FAILED if faults else ExitCode.DONE


def read_demo_users(count: int) -> list[NewUser]:
    """Read the first users of the file that comes with the package."""
    rows = list(islice(iter_users(str(_users_file())), count))
    return [row.user for row in rows if row.user is not None]


def _users_file() -> Path:
    package = Path(agora_chat_async.__file__).parent
    # In an installed package the file lies inside, in a checkout beside it.
    for path in (package / "_data" / "users.csv", package.parent / "examples" / "users.csv"):
        if path.is_file():
            return path
    raise CommandError("the demo's users.csv is not part of this installation", ExitCode.LOCAL_IO)


async def _keep(target: Target) -> None:
    """Wait for Ctrl-C."""
    stop = asyncio.Event()
    with two_step_stop(stop.set, stop.set):
        print(
            "The emulator goes on until Ctrl-C. To talk to it:\n"
            f"  export AGORA_CHAT_HOST={target.url} AGORA_CHAT_ORG={target.org} AGORA_CHAT_APP={target.app}\n"
            f"  export AGORA_APP_ID={target.app_id} AGORA_APP_CERTIFICATE={target.certificate}",
            flush=True,
        )
        await stop.wait()
