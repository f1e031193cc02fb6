"""One process of a fleet: makes calls as fast as it may, for some seconds from a moment on, and prints how many.

URL, ORG, APP, APP_ID, CERTIFICATE, STORE (a path or a redis:// URL), BEGIN (Unix time), SECONDS.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from agora_chat_async import NO_RETRY, AppToken, Session, errors
from agora_chat_async.stores import QuotaStore, RedisStore, SQLiteStore

CALLERS = 25


async def main(words: list[str]) -> None:
    """Work, and tell."""
    url, org, app, app_id, certificate, where, begin, span = words
    # A busy machine may not run this process for a fifth of a second.
    store: QuotaStore = RedisStore(where, timeout=2) if "://" in where else SQLiteStore(where, timeout=2)
    done = refused = 0
    token = AppToken(app_id, certificate)
    async with Session(org, app, host=url, token=token, retry=NO_RETRY, store=store) as chat:
        await asyncio.sleep(max(0.0, float(begin) - time.time()))
        end = time.monotonic() + float(span)

        async def work() -> None:
            nonlocal done, refused
            while (left := end - time.monotonic()) > 0:
                try:
                    await chat.with_options(max_wait=left).users.list(limit=1)
                    done += 1
                except errors.QuotaWaitExceeded:
                    return
                except errors.RateLimited:
                    refused += 1

        await asyncio.gather(*(work() for _ in range(CALLERS)))
    sys.stdout.write(json.dumps({"done": done, "refused": refused}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
