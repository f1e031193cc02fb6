"""Registers the users of a database table: a cursor is read as the quota lets users through.

Needs AGORA_CHAT_ORG, AGORA_CHAT_APP, AGORA_CHAT_HOST, AGORA_APP_ID and AGORA_APP_CERTIFICATE.
Run it as `python examples/provision_from_database.py members.sqlite`, which has a table `members (login, name)`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Iterator

from agora_chat_async import Session
from agora_chat_async.bulk import Report, RowResult, RowStatus, provision_users


def members(database: sqlite3.Connection) -> Iterator[dict[str, str | None]]:
    """Read the table row by row; nothing is kept, and a login that breaks a rule spoils nothing but its row."""
    for login, name in database.execute("SELECT login, name FROM members ORDER BY login"):
        yield {"username": login, "nickname": name}


def complain(result: RowResult) -> None:
    """Print what went wrong."""
    if result.status not in {RowStatus.CREATED, RowStatus.EXISTS}:
        print(f"{result.username}: {result.status}, {result.message}")


async def main(path: str) -> Report:
    """Register everybody; those who exist already are fine."""
    database = sqlite3.connect(path)
    try:
        async with Session.from_env() as chat:
            report = await provision_users(chat, members(database), on_result=complain)
    finally:
        database.close()
    print(f"{report.count(RowStatus.CREATED)} registered, {report.count(RowStatus.EXISTS)} were there before")
    return report


if __name__ == "__main__":
    match sys.argv:
        case [_, file]:
            asyncio.run(main(file))
        case _:
            sys.exit("usage: python examples/provision_from_database.py FILE")
