"""Presence, through a session against the emulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from raw_server import answer

from agora_chat_async import NO_RETRY, AppToken, NewUser, RetryPolicy, Session, errors
from agora_chat_async.emulator import Emulator, serve
from agora_chat_async.models.presence import PresenceState, PresenceSubscription, UserPresence

DEVICE = "android_123423453246"


def near(moment: datetime | None, *, seconds: float = 0) -> bool:
    return moment is not None and abs(moment - datetime.now(UTC) - timedelta(seconds=seconds)) < timedelta(seconds=30)


async def test_set_and_get(chat):
    """Each device has its state, and all devices of a user share one text."""
    assert await chat.presence.set_status("anna", DEVICE, PresenceState.ONLINE, "here") is None
    await chat.presence.set_status("anna", "ios", "100", "busy")
    await chat.presence.set_status("anna", DEVICE, "0", "später")
    anna, bob, nobody = await chat.presence.get_status("carl", ["anna", "bob", "nobody"])
    assert (anna.username, anna.ext) == ("anna", "später")
    assert anna.status == {DEVICE: PresenceState.OFFLINE, "ios": "100"}
    assert isinstance(anna.status[DEVICE], PresenceState)
    assert near(anna.last_time_at)
    assert anna.expiry_at is None
    assert (bob.username, bob.ext, bob.status) == ("bob", "", {})
    assert (nobody.username, nobody.status) == ("nobody", {})
    assert await chat.presence.get_status("nobody", ["anna"]) == ()


async def test_subscriptions(chat, clock):
    """They are listed until they end, and doing it again sets the time anew."""
    await chat.presence.set_status("bob", "webim", "1", "hi")
    bob, carl = await chat.presence.subscribe("anna", ["bob", "carl"], expiry=100)
    assert (bob.username, bob.ext, bob.status) == ("bob", "hi", {"webim": "1"})
    assert near(bob.expiry_at, seconds=100)
    assert near(carl.expiry_at, seconds=100)
    await chat.presence.subscribe("anna", ["dora", "bob"], expiry=1000)
    listed = [one async for one in chat.presence.list_subscriptions("anna", page_size=2)]
    assert [one.username for one in listed] == ["bob", "carl", "dora"]
    assert near(listed[0].expiry_at, seconds=1000)
    page = await chat.presence.list_subscriptions("anna", page_size=2)
    assert (len(page), page.cursor, page.extra["result"]["totalnum"]) == (2, "2", "3")
    assert [one.username for one in await chat.presence.list_subscriptions("anna", page=2, page_size=2)] == ["dora"]
    clock.advance(101)
    assert [one.username async for one in chat.presence.list_subscriptions("anna")] == ["bob", "dora"]
    assert await chat.presence.unsubscribe("anna", ["bob", "nobody"]) is None
    assert [one.username async for one in chat.presence.list_subscriptions("anna")] == ["dora"]
    for name in ("bob", "nobody"):
        page = await chat.presence.list_subscriptions(name)
        assert (page.items, page.extra["result"]["totalnum"]) == ((), "0")
    assert len((await chat.request("GET", "/users/anna/presence/sublist")).json()["result"]["sublist"]) == 1


async def test_the_longest_subscription(chat):
    """The service cuts what is longer to 30 days."""
    answered = await chat.request("POST", "/users/anna/presence/9999999", json={"usernames": ["bob"]})
    (bob,) = answered.json()["result"]
    assert near(datetime.fromtimestamp(int(bob["expiry"]), UTC), seconds=2_592_000)


async def test_too_many_subscriptions(chat, emulator):
    """A user has 3000 at most; those that end first make room."""

    def fill() -> None:
        for start in range(0, 3000, 100):
            emulator.state.presence.subscribe("anna", [f"u{start + n}" for n in range(100)], 1000 + start)

    await emulator.state.database.run(fill)
    await chat.presence.subscribe("anna", ["bob"], expiry=9000)
    page = await chat.presence.list_subscriptions("anna", page_size=500)
    assert page.extra["result"]["totalnum"] == "3000"
    names = [one.username async for one in chat.presence.list_subscriptions("anna", page_size=500)]
    assert len(names) == 3000
    assert "bob" in names
    assert len({f"u{n}" for n in range(100)} - set(names)) == 1


async def test_presence_goes_with_its_user(chat):
    """A deleted user has no state, is told nothing and told of to nobody."""
    await chat.presence.set_status("bob", "ios", "1", "hi")
    await chat.presence.subscribe("anna", ["bob", "carl"], expiry=100)
    await chat.presence.subscribe("bob", ["anna"], expiry=100)
    await chat.users.delete("bob")
    assert [one.username async for one in chat.presence.list_subscriptions("anna")] == ["carl"]
    assert [one.username async for one in chat.presence.list_subscriptions("bob")] == []
    (bob,) = await chat.presence.get_status("anna", ["bob"])
    assert (bob.status, bob.ext) == ({}, "")


MANY = [f"u{n}" for n in range(101)]


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "/users/anna/presence/ios/1", {"ext": "x" * 1025}, "ext is too big"),
        ("POST", "/users/anna/presence/ios/1", {"ext": "ä" * 513}, "ext is too big"),
        ("POST", "/users/anna/presence/toaster_7/1", {"ext": "x"}, "resource not exist"),
        ("POST", "/users/nobody/presence/ios/1", {"ext": "x"}, "set presence failed"),
        ("POST", "/users/anna/presence/ios/away", {"ext": "x"}, "set presence failed"),
        ("POST", "/users/anna/presence/100", {"usernames": ["bob", "anna"]}, "you can't sub yourself"),
        ("POST", "/users/anna/presence/100", {"usernames": MANY}, "too many sub presence"),
        ("POST", "/users/anna/presence", {"usernames": MANY}, "too many get presences"),
        ("DELETE", "/users/anna/presence", MANY, "too many unsub presences"),
    ],
)
async def test_errors_without_a_name(chat, method, path, body, words):
    """The reason stands where the result would, and is the error's description."""
    with pytest.raises(errors.BadRequest) as caught:
        await chat.request(method, path, json=body)
    assert (caught.value.status, caught.value.error, caught.value.description) == (400, None, words)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/users/anna/presence/ios/1", {"ext": ""}),
        ("POST", "/users/anna/presence/ios/1", {}),
        ("POST", "/users/anna/presence/ios/1", {"ext": "x", "text": "y"}),
        ("POST", "/users/anna/presence/soon", {"usernames": ["bob"]}),
        ("POST", "/users/anna/presence/100", {"usernames": []}),
        ("POST", "/users/anna/presence", {"usernames": []}),
        ("DELETE", "/users/anna/presence", []),
        ("DELETE", "/users/anna/presence", {"users": ["bob"]}),
        ("GET", "/users/anna/presence/sublist?pageNum=x", None),
    ],
)
async def test_errors_with_a_name(chat, method, path, body):
    """What is empty or misshapen is an illegal argument."""
    path, _, query = path.partition("?")
    with pytest.raises(errors.IllegalArgument):
        await chat.request(method, path, json=body, query=dict([query.split("=")]) if query else None)


@pytest.mark.parametrize("call", [lambda p: p.get_status("anna", ["anna"]), lambda p: p.list_subscriptions("anna")])
async def test_too_many_queries(clock, call):
    """Reading too fast is refused with 400 instead of 429, and is a RateLimited all the same."""
    quotas = {"presence.get_status": "1/day", "presence.list_subscriptions": "1/day"}
    async with (
        Emulator(quotas=quotas, now=clock) as emulator,
        serve(emulator) as info,
        Session(
            info.org, info.app, host=info.url, token=AppToken(info.app_id, info.certificate), retry=NO_RETRY
        ) as chat,
    ):
        await chat.users.create_many([NewUser("anna")])
        await call(chat.presence)
        with pytest.raises(errors.RateLimited) as caught:
            await call(chat.presence)
        assert (caught.value.status, caught.value.description) == (400, "too many queries")


async def test_too_many_queries_are_waited_out(wire):
    """The call is sent again, as after a 429."""

    async def respond(_: object) -> bytes:
        if len(wire.server.requests) == 1:
            return answer(400, b'{"result":"too many queries"}')
        return answer(body=b'{"result":[]}')

    wire.server.respond = respond
    chat = wire.chat.with_options(retry=RetryPolicy(throttled_pause=0.001))
    assert await chat.presence.get_status("anna", ["bob"]) == ()
    assert wire.chat.stats.refused == 1


ROW = {"uid": "bob", "last_time": "1644466063", "ext": "", "status": {"android": "0"}}


@pytest.mark.parametrize(
    ("call", "result", "sent"),
    [
        (
            lambda p: p.set_status("anna", "a/b", "12", "x"),
            "ok",
            ("POST", "/users/anna/presence/a%2Fb/12", {"ext": "x"}),
        ),
        (
            lambda p: p.set_status("anna", "web", PresenceState.ONLINE, "x"),
            "ok",
            ("POST", "/users/anna/presence/web/1", {"ext": "x"}),
        ),
        (
            lambda p: p.subscribe("anna", ["bob"], expiry=1000),
            [],
            ("POST", "/users/anna/presence/1000", {"usernames": ["bob"]}),
        ),
        (lambda p: p.get_status("anna", ("bob",)), [], ("POST", "/users/anna/presence", {"usernames": ["bob"]})),
        (lambda p: p.unsubscribe("anna", ["bob", "carl"]), "ok", ("DELETE", "/users/anna/presence", ["bob", "carl"])),
        (
            lambda p: p.list_subscriptions("anna"),
            {"totalnum": "0", "sublist": []},
            ("GET", "/users/anna/presence/sublist?pageNum=1&pageSize=100", None),
        ),
    ],
)
async def test_wire(wire, call, result, sent):
    """Method, path, query and body."""
    wire.answers(result=result)
    await call(wire.chat.presence)
    assert wire.sent == sent


async def test_answers_as_the_service_words_them(wire):
    """Numbers come as text or as numbers, and odd ones are kept."""
    wire.answers(
        result=[{**ROW, "expiry": "1645500000"}, {**ROW, "last_time": 7, "seen": 1}, {"uid": "", "last_time": ""}]
    )
    first, second, third = await wire.chat.presence.subscribe("anna", ["bob"], expiry=1)
    assert first == UserPresence(
        username="bob", last_time=1_644_466_063, expiry=1_645_500_000, ext="", status={"android": PresenceState.OFFLINE}
    )
    assert first.last_time_at == datetime(2022, 2, 10, 4, 7, 43, tzinfo=UTC)
    assert (second.last_time, second.expiry, second.extra) == (7, None, {"seen": 1})
    assert (third.username, third.last_time, third.extra) == ("", None, {"last_time": ""})
    wire.answers(result={"totalnum": 1, "sublist": [{"uid": "bob", "expiry": "60"}]})
    page = await wire.chat.presence.list_subscriptions("anna", page=2, page_size=500)
    assert page.items == (PresenceSubscription(username="bob", expiry=60),)
    assert (page.cursor, page.items[0].expiry_at) == (None, datetime(1970, 1, 1, 0, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "call",
    [
        lambda p: p.set_status("anna", "", "1", "x"),
        lambda p: p.set_status("anna", "..", "1", "x"),
        lambda p: p.set_status("anna", "ios", "away", "x"),
        lambda p: p.set_status("anna", "ios", 1, "x"),
        lambda p: p.set_status("anna", "ios", "1", ""),
        lambda p: p.set_status("anna", "ios", "1", "ä" * 513),
        lambda p: p.subscribe("anna", ["bob"], expiry=0),
        lambda p: p.subscribe("anna", ["bob"], expiry=2_592_001),
        lambda p: p.subscribe("anna", ["bob"], expiry="60"),
        lambda p: p.subscribe("anna", [], expiry=60),
        lambda p: p.subscribe("anna", MANY, expiry=60),
        lambda p: p.get_status("anna", "bob"),
        lambda p: p.get_status("anna", MANY),
        lambda p: p.unsubscribe("anna", []),
        lambda p: p.unsubscribe("x" * 65, ["bob"]),
        lambda p: p.list_subscriptions("anna", page=0),
        lambda p: p.list_subscriptions("anna", page_size=501),
    ],
)
async def test_bad_arguments_are_not_sent(wire, call):
    """What breaks a documented limit is refused before it is sent."""
    with pytest.raises(errors.InvalidArgument):
        await call(wire.chat.presence)
    assert wire.server.requests == []
