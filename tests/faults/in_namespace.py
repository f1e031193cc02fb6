"""Run by a test inside network and mount namespaces: a resolver whose server drops, and packets that are dropped."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path

from faults.certificates import serving, trusting
from raw_server import raw_server

from agora_chat_async import Session

SKIPPED = 77


def run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        sys.stderr.write(f"{' '.join(command)}: {done.stderr.strip()}")
        sys.exit(SKIPPED)


async def drops(session: Session) -> float:
    """Tell how long a call takes whose first host drops everything."""
    async with session as chat:
        begun = time.monotonic()
        await asyncio.gather(*(chat.users.get("anna") for _ in range(50)))
        return time.monotonic() - begun


async def main(context: ssl.SSLContext, *, firewall: bool) -> None:
    async with raw_server(context=context, host="127.0.0.1") as server:
        good = f"https://localhost:{server.port}"
        hosts = [["https://chat.example.com", good]]
        if firewall:
            hosts.append(["https://127.0.0.9:443", good])
        for pair in hosts:
            took = await drops(Session("org", "app", host=pair, token="t", ssl_context=trusting()))
            assert 1 < took < 4, (pair, took)
        assert len(server.requests) == 50 * len(hosts)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    run("ip", "link", "set", "lo", "up")
    (folder / "resolv.conf").write_text("nameserver 127.0.0.53\noptions timeout:10 attempts:3\n")
    run("mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf")
    nft = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin") or shutil.which("nft")
    if nft is not None:
        run(nft, "add table inet t; add chain inet t in { type filter hook input priority 0; }")
        run(nft, "add rule inet t in ip daddr { 127.0.0.9, 127.0.0.53 } drop")
    begun = time.monotonic()
    asyncio.run(main(serving("localhost"), firewall=nft is not None))
    assert time.monotonic() - begun < 15, "the lookup held up the end of the program"
