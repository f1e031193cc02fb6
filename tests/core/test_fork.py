"""A process that forks while a session is open."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap

import pytest
from raw_server import raw_server

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

PROGRAM = """
    import asyncio, gc, os, sys, traceback, warnings
    from agora_chat_async import Session, errors

    warnings.simplefilter("error")

    def child(chat):
        async def misuse():
            for use in (lambda: chat.users.get("anna"), chat.open):
                try:
                    await use()
                except errors.WrongProcess as error:
                    assert "one for each process" in str(error)
                else:
                    raise AssertionError("a forked session was used")
            await chat.aclose()

        asyncio.run(misuse())

    loop = asyncio.new_event_loop()
    chat = Session("org", "app", host=sys.argv[1], token="t")
    loop.run_until_complete(chat.open())
    loop.run_until_complete(chat.users.get("anna"))
    pid = os.fork()
    if pid == 0:
        try:
            child(chat)
            print("refused", flush=True)
            warnings.simplefilter("ignore")
            del chat, loop  # as at the end of a process
            gc.collect()
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    os.waitpid(pid, 0)
    for _ in range(3):
        loop.run_until_complete(chat.with_options(timeout=5).users.get("anna"))
    loop.run_until_complete(chat.aclose())
    loop.close()
    print("used", flush=True)
"""


async def test_the_child_is_told_and_the_parent_goes_on() -> None:
    """In the child one clear error; the parent keeps its connection, and gets its answers over it."""
    async with raw_server() as server:
        program = [sys.executable, "-X", "dev", "-c", textwrap.dedent(PROGRAM), server.url]
        process = await asyncio.create_subprocess_exec(*program, stdout=-1, stderr=-1)
        out, err = await process.communicate()
        assert out.decode().split() == ["refused", "used"], err.decode()
        assert len(server.requests) == 4
        assert server.connections == 1
