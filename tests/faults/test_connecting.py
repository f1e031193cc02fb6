"""Faults 19 to 21: no address, no connection, no TLS; and what a next host is for."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from faults.certificates import serving, shaking_hands, trusting
from faults.fault_server import closed, fault_proxy, refused, reset, swallowed, unanswered
from faults.transports import SessionMaker, over_aiohttp
from raw_server import Line, always, listening, raw_server

from agora_chat_async import NO_RETRY, NewUser, errors
from agora_chat_async._http.resolver import Resolver


async def test_fault_20_connect_refused(session: SessionMaker) -> None:
    """Nothing was sent: it is tried again whatever the call does, and the slots are given back."""
    with closed() as place:
        async with session(f"http://{place}") as chat:
            with pytest.raises(errors.ConnectFailed) as caught:
                await chat.users.create("anna")
            assert (chat.stats.retries, chat.stats.attempts) == (3, 0)
            assert chat.quotas.snapshot()["POST /users"].used == 0
    assert caught.value.host == f"http://{place}"
    assert not caught.value.outcome_unknown


async def test_fault_20_connect_refused_and_a_next_host(session: SessionMaker) -> None:
    """It gets the call at once and at the cost of one slot, also one that may not be sent twice."""
    with closed() as place:
        async with raw_server() as server, session([f"http://{place}", server.url]) as chat:
            await chat.users.create_many([NewUser("anna")])
            assert (chat.stats.attempts, chat.stats.retries) == (1, 0)
            assert server.requests[0].header("host") == f"127.0.0.1:{server.port}"


async def test_fault_20_connect_unanswered(session: SessionMaker) -> None:
    """The attempt's time holds, and nothing was sent."""
    with unanswered() as place:
        async with session(f"http://{place}", attempt_timeout=0.2, retry=NO_RETRY) as chat:
            with pytest.raises(errors.ConnectFailed, match="in time"):
                await chat.users.create("anna")
            assert chat.quotas.snapshot()["POST /users"].used == 0


async def test_fault_20_connect_unanswered_and_a_next_host(session: SessionMaker) -> None:
    """It gets the call within 2 s, and from then on all calls, without asking the first one again each time."""
    with unanswered() as place:
        async with raw_server() as server, session([f"http://{place}", server.url]) as chat:
            begun = asyncio.get_running_loop().time()
            await asyncio.gather(*(chat.users.create("anna") for _ in range(20)))
            assert server.requests[-1].at - begun < 3  # 1.8 s by itself
            begun = time.monotonic()
            for _ in range(20):
                await chat.users.create("anna")
            assert time.monotonic() - begun < 1
            assert len(server.requests) == 40


async def test_fault_20_callers_with_little_patience(session: SessionMaker) -> None:
    """A host that nobody waits for long enough is left out all the same, so that the next call succeeds."""
    with unanswered() as place:
        async with raw_server() as server, session([f"http://{place}", server.url], timeout=1.0) as chat:
            with pytest.raises(errors.DeadlineExceeded):
                await chat.users.create("anna")
            await chat.users.create("anna")
            assert len(server.requests) == 1


async def test_fault_20_connections_that_are_reset(session: SessionMaker) -> None:
    """Whether the request was read nobody knows: no next host for what may not be sent twice, one for the rest."""
    async with raw_server() as server, fault_proxy(server.port, refused) as proxy:
        async with session([proxy.url, server.url], retry=NO_RETRY) as chat:
            with pytest.raises(errors.OutcomeUnknown) as caught:
                await chat.users.create("anna")
            assert caught.value.host == proxy.url
            assert server.requests == []
        async with session([proxy.url, server.url]) as chat:
            await chat.users.get("anna")
            assert (proxy.connections, len(server.requests)) == (2, 1)


async def test_a_host_that_loses_its_answers_is_left_out(session: SessionMaker) -> None:
    """After three in a row others are spared."""
    async with raw_server(always(reset())) as losing, raw_server() as server:
        async with session([losing.url, server.url]) as chat:
            for _ in range(3):
                with pytest.raises(errors.OutcomeUnknown):
                    await chat.users.create("anna")
            await chat.users.create("anna")
        assert (len(losing.requests), len(server.requests)) == (3, 1)


async def test_a_host_that_works_again_gets_its_calls_back(
    session: SessionMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call probes it, and no call fails meanwhile."""
    monkeypatch.setattr("agora_chat_async._http.hosts.FIRST_BREAK", 1.0)
    async with raw_server() as first, raw_server() as second:
        port = first.port
        async with fault_proxy(port) as proxy, session([proxy.url, second.url]) as chat:
            proxy.through = swallowed
            with pytest.raises(errors.OutcomeUnknown):
                await chat.with_options(attempt_timeout=0.05, retry=NO_RETRY).users.create("anna")
            for _ in range(2):
                with pytest.raises(errors.TransportError):
                    await chat.with_options(attempt_timeout=0.05, retry=NO_RETRY).users.get("anna")
            await chat.users.get("anna")
            assert (len(first.requests), len(second.requests)) == (0, 1)

            async def through(proxy: object, client: Line) -> None:
                await asyncio.sleep(0.05)
                await proxy_relay(client)

            proxy_relay = proxy.relay
            proxy.through = through
            await asyncio.sleep(1.1)
            connections = proxy.connections
            await asyncio.gather(*(chat.users.get("anna") for _ in range(20)))
            assert (proxy.connections - connections, len(first.requests), len(second.requests)) == (1, 1, 20)
            await chat.users.get("anna")
            assert len(first.requests) == 2


async def test_all_hosts_are_down(session: SessionMaker) -> None:
    """The error names each of them and why."""
    with closed() as one, closed() as other:
        async with session([f"http://{one}", f"http://{other}"], retry=NO_RETRY) as chat:
            with pytest.raises(errors.ConnectFailed) as caught:
                await chat.users.create("anna")
    assert f"http://{one}: " in str(caught.value)
    assert f"http://{other}: " in str(caught.value)


Broken = Callable[[], ssl.SSLContext]
UNTRUSTED: dict[str, tuple[Broken, str]] = {
    "unknown-ca": (lambda: serving(by=trustme.CA()), "CERTIFICATE_VERIFY_FAILED"),
    "expired": (lambda: serving(expired=True), "certificate has expired"),
    "wrong-name": (lambda: serving("other.example"), "(?i)mismatch|not valid for"),
    "tls-1.0": (lambda: serving(newest=ssl.TLSVersion.TLSv1), "(?i)version|protocol|legacy"),
    "tls-1.1": (lambda: serving(newest=ssl.TLSVersion.TLSv1_1), "(?i)version|protocol|legacy"),
}


@pytest.mark.parametrize("case", UNTRUSTED)
async def test_fault_21_tls_that_is_not_as_it_should_be(session: SessionMaker, case: str) -> None:
    """Never tried again on the same host; the reason is named; nothing is sent, least of all without TLS."""
    broken, reason = UNTRUSTED[case]
    with shaking_hands(broken()) as port:
        async with (
            fault_proxy(port) as tcp,
            session(f"https://127.0.0.1:{tcp.port}", ssl_context=trusting()) as chat,
        ):
            for _ in range(2):
                with pytest.raises(errors.TLSFailed, match=reason):
                    await chat.users.get("anna")
            assert chat.quotas.snapshot()["GET /users/{}"].used == 0
            assert chat.stats.attempts == 0
            assert tcp.connections == 2  # one for each call


@pytest.mark.parametrize("by_reset", [False, True], ids=["FIN", "RST"])
async def test_fault_21_cut_in_the_handshake(session: SessionMaker, by_reset: bool) -> None:
    """It counts as a failure of TLS too."""
    hellos = list[bytes]()

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hellos.append(await reader.read(64 * 1024))
        line = Line(reader, writer)
        if by_reset:
            line.reset()
        await line.close()

    async with listening(cut) as port, session(f"https://127.0.0.1:{port}", ssl_context=trusting()) as chat:
        with pytest.raises(errors.TLSFailed, match="cut in the TLS handshake"):
            await chat.users.get("anna")
    assert len(hellos) == 1
    assert hellos[0][0] == 0x16  # a handshake, and no plain request
    assert b"secret-token" not in hellos[0]


async def test_fault_21_an_untrusted_host_and_a_next_one(session: SessionMaker) -> None:
    """The next one gets the calls; the first is not asked again, nor sent anything."""
    async with raw_server(context=serving(by=trustme.CA())) as untrusted, raw_server(context=serving()) as server:
        hosts = [f"https://127.0.0.1:{untrusted.port}", f"https://127.0.0.1:{server.port}"]
        async with fault_proxy(untrusted.port) as tcp:
            hosts[0] = f"https://127.0.0.1:{tcp.port}"
            async with session(hosts, ssl_context=trusting()) as chat:
                for _ in range(5):
                    await chat.users.create("anna")
            assert tcp.connections == 1
        assert (len(untrusted.requests), len(server.requests)) == (0, 5)


async def test_fault_21_tls_as_it_should_be(session: SessionMaker) -> None:
    """A private CA works where it is given, and a client shows its certificate where one is asked for."""
    async with raw_server(context=serving(asks=True)) as server:
        url = server.url.replace("http:", "https:")
        async with session(url, ssl_context=trusting(client="client.example")) as chat:
            await chat.users.get("anna")
        async with session(url, ssl_context=trusting(), retry=NO_RETRY) as chat:
            with pytest.raises(errors.TransportError):
                await chat.users.get("anna")
        assert len(server.requests) == 1


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names that end with `.slow` are looked up until the test is over."""
    over, real, asked = threading.Event(), socket.getaddrinfo, list[str]()

    def look_up(host: str, *arguments: object, **options: object) -> object:
        asked.append(host)
        if str(host).endswith(".slow"):
            over.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "no name server answered")
        return real(host, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield asked
    over.set()


async def test_fault_19_dns_fails(session: SessionMaker) -> None:
    """A name that does not exist is a failed connect, and the next host gets the call."""
    async with raw_server() as server:
        async with session(["https://no-such-host.invalid", server.url]) as chat:
            await chat.users.create("anna")
            assert len(server.requests) == 1
        async with session("https://no-such-host.invalid", retry=NO_RETRY) as chat:
            with pytest.raises(errors.ConnectFailed):
                await chat.users.create("anna")


async def test_fault_19_dns_hangs(slow_names: list[str]) -> None:
    """The next host gets the calls within 2 s; a hundred calls are one lookup, and take no thread of the loop's."""
    async with raw_server() as server, over_aiohttp(["https://chat.slow", server.url]) as chat:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        calls = asyncio.gather(*(chat.users.get("anna") for _ in range(100)))
        while "chat.slow" not in slow_names:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        threads = [thread for thread in threading.enumerate() if "DNS" in thread.name]
        assert len(threads) == len([name for name in slow_names if name == "chat.slow"]) == 1
        assert all(thread.daemon for thread in threads)
        await asyncio.gather(*(asyncio.to_thread(time.sleep, 0) for _ in range(40)))
        assert not calls.done()
        await calls
        assert server.requests[-1].at - begun < 4  # 1.8 s, and the quota of 100 calls a second
        begun = loop.time()
        await chat.users.create("anna")
        assert loop.time() - begun < 1


async def test_fault_19_who_gives_up_takes_the_answer_from_nobody(slow_names: list[str]) -> None:
    """Lookups of one name share a thread, also between sessions, and outlive those who no longer wait."""
    resolver, other = Resolver(), Resolver()
    waiting = [asyncio.ensure_future(one.resolve("a.slow", 443)) for one in (resolver, other)]  # type: ignore[arg-type, var-annotated]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    await asyncio.sleep(0.05)
    assert slow_names.count("a.slow") == 1
    assert not waiting[1].done()
    found = await resolver.resolve("127.0.0.1", 80)
    assert [(one["host"], one["port"]) for one in found] == [("127.0.0.1", 80)]
    waiting[1].cancel()


tests = Path(__file__).parents[1]


@pytest.mark.skipif(os.name != "posix" or shutil.which("unshare") is None, reason="needs Linux' namespaces")
def test_fault_19_a_name_server_that_drops_and_20_a_firewall_that_does(tmp_path: Path) -> None:
    """The same with the system's own resolver and firewall, in namespaces of their own."""
    probe = subprocess.run(["unshare", "-rnm", "true"], check=False, capture_output=True, timeout=20)  # noqa: S607
    if probe.returncode:
        pytest.skip(f"namespaces are not allowed here: {probe.stderr.decode().strip()}")
    done = subprocess.run(  # noqa: S603
        ["unshare", "-rnm", sys.executable, str(tests / "faults" / "in_namespace.py"), str(tmp_path)],  # noqa: S607
        check=False,
        capture_output=True,
        timeout=50,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)])},
    )
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
