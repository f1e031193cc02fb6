"""What reaches a server, and what becomes of its answers: over real sockets, judged by the server's own log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_server import RawRequest, always, answer, in_turn, raw_server

from agora_chat_async import NO_RETRY, RetryPolicy, Session, Text, errors

QUICK = RetryPolicy(pause=0.001, throttled_pause=0.001)


def session(url: str, **options: object) -> Session:
    return Session("org", "app", host=url, token="secret-token", **{"retry": QUICK, **options})  # type: ignore[arg-type]


async def test_a_request_is_what_the_declaration_says() -> None:
    """Method, path, headers and body of a call as they stand on the wire."""
    async with raw_server() as server, session(server.url, user_agent="shop/1.0") as chat:
        await chat.users.create("anna", nickname="Änne")
        (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/org/app/users")
    assert request.body == '{"username":"anna","nickname":"Änne"}'.encode()
    assert request.header("authorization") == "Bearer secret-token"
    assert request.header("content-type") == "application/json"
    assert request.header("accept-encoding") == "gzip"
    assert request.header("host") == f"127.0.0.1:{server.port}"
    assert (request.header("user-agent") or "").startswith("shop/1.0 agora-chat-async/")
    assert request.head.lower().count(b"\r\ncontent-length:") == 1
    assert b"cookie" not in request.head.lower()


async def test_a_request_without_body_is_no_octet_stream() -> None:
    """Where a method has a body, JSON's type is told also without one, and no type where it has none."""
    async with raw_server() as server, session(server.url) as chat:
        await chat.request("POST", "/users/anna/activate")
        await chat.request("DELETE", "/users/anna")
        assert [request.header("content-type") for request in server.requests] == ["application/json", None]
        assert [request.body for request in server.requests] == [b"", b""]


@settings(max_examples=15)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=6))
def test_queries_arrive_as_they_were_given(cursors: list[str]) -> None:
    """A cursor comes back byte for byte, whatever characters the service puts in."""

    async def scenario() -> None:
        async with raw_server(always(answer(body=b'{"entities":[]}'))) as server, session(server.url) as chat:
            for cursor in cursors:
                try:
                    await chat.users.list(limit=7, cursor=cursor)
                except errors.InvalidArgument:
                    continue
                query = httpx.QueryParams(server.requests[-1].target.partition("?")[2])
                assert dict(query) == {"limit": "7", "cursor": cursor}

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "path",
    [
        "users",
        "/users//x",
        "/users/..",
        "/./users",
        "/users/%2e",
        "/%2E%2e/x",
        "/",
        "",
        "/a?b=c",
        "/a b",
        "/é",
        "/a\\b",
    ],
)
async def test_raw_paths_are_checked_too(path: str) -> None:
    """The escape hatch leads to no other route either."""
    async with raw_server() as server, session(server.url) as chat:
        with pytest.raises(errors.InvalidArgument, match="path="):
            await chat.request("DELETE", path)
        assert server.requests == []


@pytest.mark.parametrize(
    ("method", "query", "words"),
    [
        ("GET\r\nX: y", None, "method="),
        ("", None, "method="),
        ("GET", {"a": [1]}, "a="),
        ("GET", {"a": "\ud800"}, "a="),
    ],
)
async def test_raw_methods_and_queries_are_checked(method: str, query: dict[str, object] | None, words: str) -> None:
    """What cannot be sent as it is meant is refused; a member that is None is left out."""
    async with raw_server() as server, session(server.url) as chat:
        with pytest.raises(errors.InvalidArgument, match=words):
            await chat.request(method, "/users", query=query)
        assert server.requests == []
        await chat.request("GET", "/users", query={"a": None, "b": 1})
        assert server.targets == ["GET /org/app/users?b=1"]


async def test_raw_requests_have_token_quota_and_errors() -> None:
    """`request` on a known route draws on its quota, on others on one of its own."""
    replies = in_turn(
        answer(body=b'{"a":1}'), answer(body=b"{}"), answer(404, b'{"error":"service_resource_not_found"}')
    )
    async with raw_server(replies) as server, session(server.url) as chat:
        assert (await chat.request("get", "/users/an%2Fna", query={"x": True})).json() == {"a": 1}
        await chat.request("POST", "/brand/new", json=[1])
        with pytest.raises(errors.NotFound):
            await chat.request("GET", "/users/x")
        used = {name: state.used for name, state in chat.quotas.snapshot().items()}
    assert server.targets[:2] == ["GET /org/app/users/an%2Fna?x=true", "POST /org/app/brand/new"]
    assert used == {"GET /users/{}": 2, "other requests": 1}


async def stream() -> AsyncIterator[bytes]:
    for _ in range(30):
        yield b"x" * 65536


@pytest.mark.parametrize("transport", [None, httpx.AsyncHTTPTransport])
async def test_long_bodies(transport: Callable[[], httpx.AsyncBaseTransport] | None) -> None:
    """Of a known length or in chunks, they arrive whole, on each transport."""
    uploaded = answer(body=b'{"entities":[{"uuid":"u"}]}')
    async with (
        raw_server(always(uploaded)) as server,
        session(server.url, transport=transport() if transport else None) as chat,
    ):
        await chat.files.upload(stream())
        await chat.files.upload(b"x" * 2_000_000)
        await chat.request("POST", "/messages/users", json={"text": "x" * 2_000_000})
        chunked, known, long = server.requests
    assert (chunked.header("transfer-encoding"), chunked.header("content-length")) == ("chunked", None)
    assert chunked.body.count(b"x" * 65536) == 30
    assert known.header("content-length") == str(len(known.body))
    assert b"x" * 2_000_000 in known.body
    assert long.body == b'{"text":"' + b"x" * 2_000_000 + b'"}'


@pytest.mark.parametrize("transport", [None, httpx.AsyncHTTPTransport])
async def test_one_call_is_one_request_also_on_a_stale_connection(
    transport: Callable[[], httpx.AsyncBaseTransport] | None,
) -> None:
    """When a kept-alive connection drops, the transport sends nothing a second time by itself."""
    async with (
        raw_server(in_turn(answer(), None, answer(), None)) as server,
        session(server.url, retry=NO_RETRY, transport=transport() if transport else None) as chat,
    ):
        await chat.users.get("anna")
        with pytest.raises(errors.TransportError) as caught:
            await chat.users.delete("anna")
        assert not isinstance(caught.value, errors.ConnectFailed)
        assert len(server.requests) == 2
        await chat.users.get("anna")
        with pytest.raises(errors.OutcomeUnknown):
            await chat.users.delete_many(limit=1)
        assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":"illegal_argument","error_description":"no"}', errors.IllegalArgument),
        (400, b'{"error":"duplicate_unique_property_exists"}', errors.AlreadyExists),
        (400, b'{"error_description":"Too Many Queries"}', errors.RateLimited),
        (401, b'{"error":"auth_bad_access_token"}', errors.BadToken),
        (404, b"<html>", errors.NotFound),
        (413, b"", errors.PayloadTooLarge),
        (429, b'{"error":"resource_limited"}', errors.PlanLimitExceeded),
        (502, b"<html><h1>Bad gateway</h1>" + b"x" * 9000, errors.BadGateway),
        (301, b"", errors.APIError),
    ],
)
async def test_error_answers(status: int, body: bytes, kind: type[errors.APIError]) -> None:
    """The status is read before the body, so a page of HTML stays what it is."""
    async with (
        raw_server(always(answer(status, body, "Location: http://127.0.0.2/"))) as server,
        session(server.url) as chat,
    ):
        with pytest.raises(kind) as caught:
            await chat.with_options(retry=NO_RETRY).users.get("anna")
    assert caught.value.status == status
    assert len(caught.value.body) <= 2048
    assert (caught.value.method, caught.value.path) == ("GET", "/users/anna")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answer(body=b'{"entities":[]}'), "entities.0"),
        (answer(body=b'{"entities":[{"uuid":"1"}]}'), "username"),
        (answer(body=b'{"entities":[7]}'), "expected an object"),
        (answer(body=b'{"a":"\xff"}'), "UTF-8"),
        (answer(body=b"[" * 100_000), "depth limit"),
    ],
)
async def test_answers_that_cannot_be_read(reply: bytes, words: str) -> None:
    """One error with status, content type and the beginning of the body."""
    async with raw_server(always(reply)) as server, session(server.url) as chat:
        with pytest.raises(errors.DecodeError, match=words) as caught:
            await chat.users.get("anna")
    assert caught.value.status == 200
    assert caught.value.content_type in {"application/json", "text/html"}
    assert len(caught.value.body) <= 2048


@pytest.mark.parametrize(("status", "unknown"), [(524, True), (502, True), (500, True), (429, False), (400, False)])
async def test_whether_a_failed_call_may_have_been_done(status: int, unknown: bool) -> None:
    """A gateway's error leaves it open, a refusal does not; a call that may be repeated is never in doubt."""
    async with raw_server(always(answer(status, b"{}"))) as server, session(server.url, retry=NO_RETRY) as chat:
        for call, expected in ((chat.users.create("anna"), unknown), (chat.users.get("anna"), False)):
            with pytest.raises(errors.APIError) as caught:
                await call
            assert caught.value.outcome_unknown is expected


async def test_a_service_that_is_down_is_not_hit_harder() -> None:
    """A 503 is repeated at the cost of the budget, also where it asks for no pause."""
    reply = always(answer(503, b"", "Retry-After: 0"))
    async with raw_server(reply) as server, session(server.url, quotas={"users.get": "10000/second"}) as chat:
        calls = await asyncio.gather(*(chat.users.get("anna") for _ in range(200)), return_exceptions=True)
        assert all(isinstance(error, errors.ServiceUnavailable) for error in calls)
        assert len(server.requests) == 200 + 100


async def test_a_refused_call_is_sent_again() -> None:
    """429 reach_limit is waited out also where a repeat of a done call could harm, for it was not done."""
    refused = answer(429, b'{"error":"reach_limit"}')
    async with raw_server(in_turn(refused, refused, answer())) as server, session(server.url) as chat:
        await chat.users.create("anna")
        assert chat.stats.refused == 2


@pytest.mark.parametrize("name", ["unauthorized", "RewriteMessageNotAuthorizedException"])
async def test_a_401_that_no_token_helps_is_raised(name: str) -> None:
    """A source with one token only, and an error that is no token fault, are not tried again."""
    async with (
        raw_server(always(answer(401, b'{"error":"%s"}' % name.encode()))) as server,
        session(server.url) as chat,
    ):
        with pytest.raises(errors.APIError) as caught:
            await chat.messages.modify("1", Text("x"))
        assert caught.value.status == 401
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "host",
    [
        "[::1",
        "localhost:abc",
        "localhost:99999",
        "exa mple.com",
        "a.example,b.example",
        "https://:pw@h",
        "a.com#x",
        "a" * 64 + ".com",
        "http://a41.chat.agora.io",
        "http://10.0.0.1",
        "ftp://x",
        "https://x/path",
        "https://me@x",
        "",
        "https://",
        "http://127.0.0.1.evil.com",
    ],
)
def test_hosts_that_are_refused(host: str) -> None:
    """https is required except on this machine, and a host is only a host."""
    with pytest.raises(errors.InvalidArgument, match="host="):
        session(host)


@pytest.mark.parametrize(
    "host", ["a41.chat.agora.io", "https://a41.chat.agora.io", "http://localhost:80", "http://[::1]:80"]
)
def test_hosts_that_are_taken(host: str) -> None:
    """A bare name means https."""
    assert "chat.agora.io" not in host or "https://a41.chat.agora.io/org/app" in repr(session(host))


async def test_a_stalled_server_is_not_followed_by_a_burst() -> None:
    """Calls that waited 3 s for one of five connections keep no slots of long ago."""
    recovered = asyncio.Event()

    async def respond(_: RawRequest) -> bytes:
        await recovered.wait()
        return answer()

    async with (
        raw_server(respond) as server,
        session(server.url, quotas={"users.create": "20/second"}, max_in_flight=5, margin=0.2) as chat,
    ):
        calls = [asyncio.create_task(chat.users.create("anna")) for _ in range(70)]
        await asyncio.sleep(3)
        recovered.set()
        await asyncio.gather(*calls)
        times = [request.at for request in server.requests]
    assert len(times) == 70
    assert max(sum(begin <= at < begin + 1 for at in times) for begin in times) <= 20


async def test_connections_are_made_before_a_slot_begins() -> None:
    """A slow connect does not bring the next window's calls closer to those of this one."""

    class SlowStart(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(0.6 if len(server.requests) < 10 else 0)
            return await super().handle_async_request(request)

    async with (
        raw_server() as server,
        session(server.url, quotas={"users.get": "10/second"}, transport=SlowStart()) as chat,
    ):
        await asyncio.gather(*(chat.users.get("anna") for _ in range(20)))
        times = sorted(request.at for request in server.requests)
    assert times[10] - times[9] >= 0.95


async def test_unit_tests_of_users_may_mock_the_wire() -> None:
    """respx stands in for the transport, and so does any other transport of httpx."""
    router = respx.MockRouter(assert_all_called=True)
    router.get("https://host/org/app/users/anna").respond(200, json={"entities": [{"username": "anna"}]})
    async with session("host", transport=httpx.MockTransport(router.async_handler)) as chat:
        assert (await chat.users.get("anna")).username == "anna"
