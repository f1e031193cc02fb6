"""Proxies that are named, and those of the environment; and that the token goes to the service only."""

from __future__ import annotations

import base64
import logging
import traceback
from typing import Any

import httpx
import pytest
from faults.certificates import serving, trusting
from faults.fault_server import closed
from faults.http_proxy import http_proxy
from faults.transports import over_aiohttp as session
from raw_server import RawServer, always, answer, raw_server

from agora_chat_async import NO_RETRY, errors
from agora_chat_async._http import Proxies, foreign_address, proxy_of

PROXY_VARIABLES = [
    name for low in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (low, low.upper())
]


@pytest.fixture(autouse=True)
def no_proxies_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def https(server: RawServer) -> str:
    return f"https://127.0.0.1:{server.port}"


async def test_a_tunnel(caplog: pytest.LogCaptureFixture) -> None:
    """The proxy learns host and port, and its own password; nothing of a call, and no log or error shows either."""
    with caplog.at_level(logging.DEBUG):
        async with raw_server(context=serving()) as server, http_proxy(user="me:p@ss") as proxy:
            chat = session(https(server), proxy=f"http://me:p%40ss@{proxy.place}", ssl_context=trusting())
            shown = repr(chat)
            async with chat:
                await chat.users.create("anna")
                await chat.users.get("anna")
                assert len(server.requests) == 2
            assert proxy.asked_for == [f"CONNECT 127.0.0.1:{server.port}"]
            assert b"secret-token" not in proxy.heads[0]
            wrong = f"http://me:hush-hush@{proxy.place}"
            async with session(https(server), proxy=wrong, ssl_context=trusting(), retry=NO_RETRY) as chat:
                with pytest.raises(errors.ConnectFailed, match="407") as caught:
                    await chat.users.create("anna")
                shown += f"{chat!r}" + "".join(traceback.format_exception(caught.value))
                cause: BaseException | None = caught.value
                while cause is not None:
                    shown += repr(cause)
                    cause = cause.__cause__
    coded = [base64.b64encode(pair).decode() for pair in (b"me:p@ss", b"me:hush-hush")]
    for secret in ("p@ss", "p%40ss", "hush-hush", "secret-token", *coded):
        assert secret not in shown + caplog.text


async def test_a_proxy_that_speaks_tls() -> None:
    """The way to it is verified like the way through it."""
    async with raw_server(context=serving()) as server, http_proxy(context=serving()) as proxy:
        async with session(https(server), proxy=f"https://{proxy.place}", ssl_context=trusting()) as chat:
            await chat.users.get("anna")
        assert proxy.asked_for == [f"CONNECT 127.0.0.1:{server.port}"]


async def test_a_proxy_that_forwards() -> None:
    """Without TLS, which is for this machine only, the proxy has to be on it too, since it sees the token."""
    async with raw_server() as server, http_proxy(user="me:pass") as proxy:
        async with session(server.url, proxy=f"http://me:pass@{proxy.place}") as chat:
            await chat.users.get("anna")
        assert server.targets == ["GET /org/app/users/anna"]
        assert proxy.asked_for == [f"GET {server.url}/org/app/users/anna"]
    with pytest.raises(errors.InvalidArgument, match="proxy="):
        session("http://localhost", proxy="http://proxy.example:3128")


async def test_a_proxy_that_is_gone() -> None:
    """It is a failed connect: nothing was sent, and nothing goes round it."""
    with closed() as place:
        async with raw_server(context=serving()) as server:
            async with session(https(server), proxy=f"http://{place}", ssl_context=trusting()) as chat:
                with pytest.raises(errors.ConnectFailed) as caught:
                    await chat.users.create("anna")
                assert not isinstance(caught.value, errors.TLSFailed)
                assert chat.stats.attempts == 0
            assert server.connections == 0


async def test_an_untrusted_host_behind_a_proxy() -> None:
    """A proxy that takes the place of the host is not trusted for it."""
    async with raw_server(context=serving("other.example")) as server, http_proxy() as proxy:
        async with session(https(server), proxy=f"http://{proxy.place}", ssl_context=trusting()) as chat:
            with pytest.raises(errors.TLSFailed, match=r"127\.0\.0\.1"):
                await chat.users.get("anna")
        assert server.requests == []
        assert len(proxy.heads) == 1


async def test_files_elsewhere_go_through_the_proxy_too() -> None:
    """A history file is fetched the same way, without the token."""

    class Sink:
        data = b""

        async def begin(self, size: int | None) -> None:
            self.data = b""

        async def write(self, chunk: bytes) -> None:
            self.data += chunk

    async with raw_server(always(answer(body=b"file")), context=serving()) as files, http_proxy() as proxy:
        async with session("https://a.example", proxy=f"http://{proxy.place}", ssl_context=trusting()) as chat:
            sink = Sink()
            got = await chat._calls.wire.fetch(foreign_address(f"{https(files)}/f?Signature=x%2B"), sink, timeout=5)
        assert (got.status, sink.data) == (200, b"file")
        assert proxy.asked_for == [f"CONNECT 127.0.0.1:{files.port}"]
        assert files.targets == ["GET /f?Signature=x%2B"]
        assert files.requests[0].header("authorization") is None


async def test_the_environment_counts_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """And never for this machine, whatever it says."""
    async with http_proxy() as proxy, raw_server() as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.place}")
        for options in ({}, {"trust_env": True}):
            async with session(server.url, **options) as chat:
                await chat.users.get("anna")
        assert (len(server.requests), proxy.heads) == (2, [])
        for options, heads in (({}, 0), ({"trust_env": True}, 1)):
            async with session("https://no-such-host.invalid", retry=NO_RETRY, **options) as chat:
                with pytest.raises(errors.ConnectFailed):
                    await chat.users.get("anna")
            assert len(proxy.heads) == heads


def test_which_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment, by scheme and exceptions; a named one goes before it."""
    monkeypatch.setenv("https_proxy", "http://user:hidden@one.example:1")
    monkeypatch.setenv("no_proxy", "direct.example,.inner.example")
    proxies = Proxies(None, trust_env=True)
    found = proxies.for_address("https://a.example/x")
    assert found == proxy_of("http://user:hidden@one.example:1")
    assert "hidden" not in repr(found)
    assert "user" not in repr(found)
    for direct in ("https://direct.example", "https://a.inner.example:444/x", "https://127.0.0.1", "https://[::1]:5"):
        assert proxies.for_address(direct) is None
    named = Proxies(proxy_of("two.example:3128"), trust_env=True).for_address("https://direct.example")
    assert named is not None
    assert named.url == "http://two.example:3128"
    assert Proxies(None, trust_env=False).for_address("https://a.example") is None


async def test_hosts_with_different_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each host has its own way."""
    async with raw_server(context=serving("localhost")) as server, http_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.place}")
        hosts = ["https://no-such-host.invalid", f"https://localhost:{server.port}"]
        async with session(hosts, trust_env=True, ssl_context=trusting()) as chat:
            await chat.users.get("anna")
        assert proxy.asked_for == ["CONNECT no-such-host.invalid:443"]
        assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://u:pass-word@/x", "http://u:pass-word@x/path", "a b"])
def test_proxies_that_are_none(url: str) -> None:
    """They are refused when the session is made, without showing a password."""
    with pytest.raises(errors.InvalidArgument, match="proxy=") as caught:
        session("a.example", proxy=url)
    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize("options", [{"proxy": "http://p.example"}, {"trust_env": True}])
def test_a_transport_has_its_own_proxies(options: dict[str, Any]) -> None:
    """To give both is a mistake, and not ignored."""
    with pytest.raises(errors.InvalidArgument, match="transport="):
        session("a.example", transport=httpx.AsyncHTTPTransport(), **options)


@pytest.mark.parametrize("hosts", [[], ["a.example", "https://a.example"], ["a.example", "http://b.example"]])
def test_lists_of_hosts_that_are_refused(hosts: list[str]) -> None:
    """None, one twice, and one without TLS among others."""
    with pytest.raises(errors.InvalidArgument, match="host="):
        session(hosts)


def test_hosts_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Joined by commas, in the order of preference."""
    from agora_chat_async import Session

    for name, value in {"ORG": "o", "APP": "a", "HOST": "a.example, b.example,", "TOKEN": "t"}.items():
        monkeypatch.setenv(f"AGORA_CHAT_{name}", value)
    assert "https://a.example/o/a, https://b.example/o/a " in repr(Session.from_env())
