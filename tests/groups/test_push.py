"""Group `push`, against the emulator and on the wire."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agora_chat_async import AppToken, NewUser, Session, errors
from agora_chat_async.emulator import Emulator, serve
from agora_chat_async.models.push import (
    DisplayStyle,
    NotificationMode,
    NotificationSettings,
    PushResult,
    PushStatus,
    PushStrategy,
    PushUser,
)
from agora_chat_async.push_payload import ApnsSection, PushBadge, PushConfig, PushMessage

SALE = PushMessage(title="Sale", content="Everything must go")
ON_THE_WIRE = {"title": "Sale", "content": "Everything must go"}
FORM = "%Y-%m-%d %H:%M:%S"


@pytest.fixture
async def chat(emulator: Emulator) -> AsyncIterator[Session]:
    """A session that may send as often as the emulator lets it, which is without end; anna and bob are users."""
    quotas = {"push.send_sync": "1000/second", "push.send_to_all": "1000/minute"}
    async with (
        serve(emulator) as info,
        Session(
            info.org, info.app, host=info.url, token=AppToken(info.app_id, info.certificate), quotas=quotas
        ) as session,
    ):
        await session.users.create_many([NewUser("anna"), NewUser("bob")])
        yield session


def in_hours(clock: Any, hours: float) -> datetime:
    """The emulated server's clock, which is at UTC."""
    return (datetime.fromtimestamp(clock(), UTC) + timedelta(hours=hours)).replace(tzinfo=None)


async def test_display_settings(chat: Session) -> None:
    """Three operations share a path; each changes its own, and answers with all that was ever set."""
    named = await chat.push.set_display_nickname("anna", "Anna")
    assert isinstance(named, PushUser)
    assert (named.username, named.nickname, named.activated, named.extra) == ("anna", "Anna", True, {})
    assert (named.notification_display_style, named.notification_no_disturbing) == (None, None)
    styled = await chat.push.set_display_style("anna", DisplayStyle.CONTENT)
    assert (styled.nickname, styled.notification_display_style) == ("Anna", DisplayStyle.CONTENT)
    quiet = await chat.push.set_do_not_disturb("anna", enabled=True, start=22, end=7)
    hours = (quiet.notification_no_disturbing_start, quiet.notification_no_disturbing_end)
    assert (quiet.notification_no_disturbing, hours, quiet.notification_display_style) == (True, (22, 7), 1)
    loud = await chat.push.set_do_not_disturb("anna", enabled=False)
    assert (loud.notification_no_disturbing, loud.notification_no_disturbing_start) == (False, 22)
    assert (await chat.users.get("anna")).nickname == "Anna"


async def test_modified(chat: Session, clock: Any) -> None:
    """A change of the display settings is a change of the user."""
    before = await chat.users.get("anna")
    clock.advance(60)
    after = await chat.push.set_display_style("anna", 0)
    assert before.modified is not None
    assert after.modified is not None
    assert (after.created, after.modified - before.modified >= 60_000) == (before.created, True)


async def test_notification_settings(chat: Session, clock: Any) -> None:
    """They are kept for the app and for each conversation; what a call leaves out stays."""
    assert await chat.push.get_notification_settings("anna", "user", "anna") == NotificationSettings()
    app = await chat.push.set_notification_settings("anna", "user", "anna", type="AT", ignore_interval="22:00-07:30")
    assert (app.type, app.ignore_interval, app.ignore_until_at) == (NotificationMode.AT, "22:00-07:30", None)
    now = datetime.fromtimestamp(clock(), UTC)
    app = await chat.push.set_notification_settings("anna", "user", "anna", ignore_duration=3_600_000)
    assert app.ignore_until_at is not None
    assert timedelta(minutes=59) < app.ignore_until_at - now < timedelta(minutes=61)
    assert (app.type, app.ignore_interval) == ("AT", "22:00-07:30")
    assert await chat.push.get_notification_settings("anna", "user", "anna") == app
    await chat.push.set_notification_settings("anna", "user", "anna", ignore_interval="", ignore_duration=0)
    app = await chat.push.get_notification_settings("anna", "user", "anna")
    assert (app.ignore_interval, app.ignore_until, app.ignore_until_at) == ("", 0, None)
    group = await chat.push.set_notification_settings("anna", "chatgroup", "7", type=NotificationMode.DEFAULT)
    assert group.type is NotificationMode.DEFAULT
    assert (await chat.push.get_notification_settings("anna", "user", "7")).type is None
    with pytest.raises(errors.IllegalArgument):
        await chat.push.set_notification_settings("anna", "user", "anna", type="DEFAULT")


async def test_preferred_language(chat: Session) -> None:
    """None until one is set, and empty for the original."""
    assert await chat.push.get_preferred_language("anna") is None
    for language in ("en", ""):
        assert await chat.push.set_preferred_language("anna", language) == language
        assert await chat.push.get_preferred_language("anna") == language
    await chat.push.set_display_style("anna", 1)
    assert await chat.push.get_preferred_language("anna") == ""


async def test_a_deleted_user_leaves_nothing(chat: Session) -> None:
    """Who registers under an old name has no settings."""
    await chat.push.set_display_style("anna", 1)
    await chat.push.set_preferred_language("anna", "en")
    await chat.push.set_notification_settings("anna", "user", "bob", type="NONE")
    await chat.users.delete("anna")
    await chat.users.create("anna")
    assert (await chat.push.set_display_nickname("anna", "A")).notification_display_style is None
    assert await chat.push.get_preferred_language("anna") is None
    assert await chat.push.get_notification_settings("anna", "user", "bob") == NotificationSettings()


async def test_no_such_user(chat: Session) -> None:
    """The service answers 400 here; the error is the one of all users that are not there."""
    calls: list[Any] = [
        chat.push.set_display_nickname("nobody", "N"),
        chat.push.set_display_style("nobody", 1),
        chat.push.set_do_not_disturb("nobody", enabled=False),
        chat.push.set_notification_settings("nobody", "user", "bob", type="ALL"),
        chat.push.get_notification_settings("nobody", "user", "bob"),
        chat.push.set_preferred_language("nobody", "en"),
        chat.push.get_preferred_language("nobody"),
    ]
    for call in calls:
        with pytest.raises(errors.NotFound, match="required_property_not_found") as caught:
            await call
        assert caught.value.status == 400


async def test_templates(chat: Session) -> None:
    """A template is made once, read, deleted and gone."""
    made = await chat.push.create_template("sale", "{0} from {$fromNickname}", "{$msg}")
    assert (made.name, made.title_pattern, made.content_pattern) == ("sale", "{0} from {$fromNickname}", "{$msg}")
    assert made.created_at is not None
    assert made.created_at == made.modified_at
    assert await chat.push.get_template("sale") == made
    with pytest.raises(errors.AlreadyExists):
        await chat.push.create_template("sale", "a", "b")
    assert await chat.push.delete_template("sale") == made
    for call in (chat.push.get_template("sale"), chat.push.delete_template("sale")):
        with pytest.raises(errors.NotFound, match="EntityNotFoundException"):
            await call


async def test_send_sync(chat: Session, emulator: Emulator) -> None:
    """What becomes of a notification hangs on its way; nobody has a device, and bob is online."""
    await emulator.state.database.run(lambda: emulator.state.users.set_online("bob", online=True))

    async def sent(name: str, strategy: PushStrategy | None = None) -> tuple[bool, str | None]:
        (result,) = await chat.push.send_sync(name, SALE, strategy=strategy)
        return result.ok, result.desc

    assert await sent("anna") == (False, "no push binding")
    assert await sent("nobody") == (False, "appUser not exists")
    for strategy in (PushStrategy.SERVICES_FIRST, PushStrategy.AGORA, PushStrategy.AGORA_IF_ONLINE):
        assert await sent("anna", strategy) == (True, None)
        assert await sent("nobody", strategy) == (False, "appUser not exists")
    assert await sent("anna", PushStrategy.ONLINE_ONLY) == (False, "user is offline")
    (result,) = await chat.push.send_sync("bob", SALE, strategy=4)
    assert (result.status, result.ok, result.username) == (PushStatus.SUCCESS, True, None)
    assert result.data is not None
    assert result.data["code"] == 200


async def test_send_to_users(chat: Session) -> None:
    """Each receiver has an entry, which only says that the notification was taken over."""
    names = ["anna", "nobody"]
    results = await chat.push.send_to_users(names, SALE)
    assert [result.username for result in results] == names
    assert {(result.status, result.ok, result.desc) for result in results} == {
        (PushStatus.ASYNC_SUCCESS, True, "async success.")
    }


async def test_tasks(chat: Session, clock: Any) -> None:
    """Each has an id of its own; those that wait for everybody take one of three places."""
    for name in ("vip", "new"):
        await chat.push_labels.create(name)
    ids = [
        await chat.push.send_to_labels(["vip", "new"], SALE),
        await chat.push.send_to_labels(["vip"], SALE, start_date=in_hours(clock, 2)),
        await chat.push.send_to_all(SALE),
    ]
    ids += [await chat.push.send_to_all(SALE, start_date=in_hours(clock, hours)) for hours in (2, 3, 719)]
    assert len(set(ids)) == 6
    assert {len(one) for one in ids} == {18}
    for call in (chat.push.send_to_all(SALE), chat.push.send_to_labels(["vip"], SALE)):
        with pytest.raises(errors.LimitReached, match="LimitException"):
            await call
    clock.advance(2.5 * 3600)
    await chat.push.send_to_all(SALE)
    with pytest.raises(errors.NotFound, match="ResourceNotFoundException"):
        await chat.push.send_to_labels(["vip", "gone"], SALE)


async def test_start_out_of_range(chat: Session, clock: Any) -> None:
    """A task begins in an hour at the earliest and in 30 days at the latest."""
    await chat.push_labels.create("vip")
    for hours in (-1, 0.9, 721):
        start = in_hours(clock, hours).strftime(FORM)
        tasks = (
            chat.push.send_to_all(SALE, start_date=start),
            chat.push.send_to_labels(["vip"], SALE, start_date=start),
        )
        for task in tasks:
            with pytest.raises(errors.IllegalArgument, match="IllegalArgumentException"):
                await task


async def test_settings_on_the_wire(wire: Any) -> None:
    """Method, path and body of every operation on settings and templates."""
    push = wire.chat.push
    wire.answers(entities=[{"username": "anna", "notification_no_disturbing_start": "8", "more": 1}])
    assert await push.set_display_nickname("anna", "A") == PushUser(
        username="anna", notification_no_disturbing_start=8, extra={"more": 1}
    )
    assert wire.sent == ("PUT", "/users/anna", {"nickname": "A"})
    await push.set_display_style("anna", DisplayStyle.CONTENT)
    assert wire.sent == ("PUT", "/users/anna", {"notification_display_style": 1})
    await push.set_do_not_disturb("anna", enabled=True, start=8, end=0)
    hours = {"notification_no_disturbing_start": "8", "notification_no_disturbing_end": "0"}
    assert wire.sent == ("PUT", "/users/anna", {"notification_no_disturbing": True, **hours})
    await push.set_do_not_disturb("anna", enabled=False)
    assert wire.sent == ("PUT", "/users/anna", {"notification_no_disturbing": False})
    wire.answers({"type": "SOME", "ignoreDuration": "5"})
    settings = await push.set_notification_settings(
        "anna", "chatgroup", "7", type="ALL", ignore_interval="", ignore_duration=0
    )
    assert settings == NotificationSettings(type="SOME", ignore_until=5)
    body = {"type": "ALL", "ignoreInterval": "", "ignoreDuration": 0}
    assert wire.sent == ("PUT", "/users/anna/notification/chatgroup/7", body)
    await push.get_notification_settings("anna", "user", "b/b")
    assert wire.sent == ("GET", "/users/anna/notification/user/b%2Fb", None)
    wire.answers({"language": "en"})
    await push.set_preferred_language("anna", "en")
    assert wire.sent == ("PUT", "/users/anna/notification/language", {"translationLanguage": "en"})
    await push.get_preferred_language("anna")
    assert wire.sent == ("GET", "/users/anna/notification/language", None)
    wire.answers({"name": "sale", "createAt": 1, "updateAt": 2})
    await push.create_template("sale", "t", "c")
    body = {"name": "sale", "title_pattern": "t", "content_pattern": "c"}
    assert wire.sent == ("POST", "/notification/template", body)
    await push.get_template("sale")
    assert wire.sent == ("GET", "/notification/template/sale", None)
    assert (await push.delete_template("sale")).modified == 2
    assert wire.sent == ("DELETE", "/notification/template/sale", None)


async def test_sends_on_the_wire(wire: Any) -> None:
    """Method, path and body of every way of sending, and both shapes of its answer."""
    push = wire.chat.push
    message = PushMessage(
        title="Sale",
        content="Everything must go",
        sub_title="Now",
        config=PushConfig(badge=PushBadge(add_num=1)),
        apns=ApnsSection(thread_id="sales"),
    )
    told = {"subTitle": "Now", "config": {"badge": {"addNum": 1}}, "apns": {"threadId": "sales"}, **ON_THE_WIRE}
    expected = PushResult(status="LATER", desc="d", extra={"more": 1})
    told_of = {"pushStatus": "LATER", "desc": "d", "more": 1}
    wire.answers([told_of])
    assert await push.send_sync("anna", message, strategy=PushStrategy.AGORA) == (expected,)
    assert wire.sent == ("POST", "/push/sync/anna", {"pushMessage": told, "strategy": 1})
    assert not expected.ok
    wire.answers(told_of)
    assert await push.send_to_users(["anna", "bob"], SALE) == (expected,)
    assert wire.sent == ("POST", "/push/single", {"targets": ["anna", "bob"], "pushMessage": ON_THE_WIRE})
    number = 968_120_369_184_112_182
    start = datetime(2026, 7, 23, 12)  # noqa: DTZ001 - the service has no zones
    for data in (number, {"taskId": number}):
        wire.answers(data)
        assert await push.send_to_all(SALE, start_date=start, strategy=0) == str(number)
        body = {"pushMessage": ON_THE_WIRE, "startDate": "2026-07-23 12:00:00", "strategy": 0}
        assert wire.sent == ("POST", "/push/task", body)
        assert await push.send_to_labels(["vip"], SALE, start_date="2026-07-23 12:00:00") == str(number)
        body = {"targets": ["vip"], "pushMessage": ON_THE_WIRE, "startDate": "2026-07-23 12:00:00"}
        assert wire.sent == ("POST", "/push/list/label", body)


async def test_bad_settings(wire: Any) -> None:
    """What breaks a documented limit is refused before it is sent."""
    push = wire.chat.push
    calls: list[tuple[str, Any]] = [
        ("nickname", push.set_display_nickname("anna", "")),
        ("nickname", push.set_display_nickname("anna", "x" * 101)),
        ("style", push.set_display_style("anna", 2)),
        ("style", push.set_display_style("anna", "2")),
        ("style", push.set_display_style("anna", True)),
        ("start", push.set_do_not_disturb("anna", enabled=True, start=24, end=1)),
        ("end", push.set_do_not_disturb("anna", enabled=True, start=1)),
        ("start", push.set_do_not_disturb("anna", enabled=True, end=1)),
        ("enabled", push.set_do_not_disturb("anna", enabled=False, start=1, end=2)),
        ("type", push.set_notification_settings("anna", "user", "bob")),
        ("type", push.set_notification_settings("anna", "user", "bob", type="SOME")),
        ("chat_type", push.set_notification_settings("anna", "chatroom", "7", type="ALL")),
        ("chat_type", push.get_notification_settings("anna", "chatroom", "7")),
        ("ignore_interval", push.set_notification_settings("anna", "user", "b", ignore_interval="24:00-07:00")),
        ("ignore_interval", push.set_notification_settings("anna", "user", "b", ignore_interval="7:00-8:00")),
        ("ignore_duration", push.set_notification_settings("anna", "user", "b", ignore_duration=604_800_001)),
        ("ignore_duration", push.set_notification_settings("anna", "user", "b", ignore_duration=-1)),
        ("language", push.set_preferred_language("anna", None)),
        ("name", push.create_template("x" * 65, "t", "c")),
        ("title_pattern", push.create_template("sale", "", "c")),
        ("content_pattern", push.create_template("sale", "t", 1)),
        ("name", push.get_template("")),
    ]
    for argument, call in calls:
        with pytest.raises(errors.InvalidArgument, match=f"^{argument}="):
            await call
    assert wire.server.requests == []


async def test_bad_sends(wire: Any) -> None:
    """So it is with notifications."""
    push = wire.chat.push
    wrong: Any = {"badge": 1}
    aware = datetime.now(UTC)
    calls: list[tuple[str, Any]] = [
        ("target", push.send_sync("x" * 65, SALE)),
        ("strategy", push.send_sync("anna", SALE, strategy=5)),
        ("message", push.send_sync("anna", ON_THE_WIRE)),
        ("message", push.send_sync("anna", PushMessage(title="t", content="c", apns=wrong))),
        ("targets", push.send_to_users([], SALE)),
        ("targets", push.send_to_users(["anna"] * 101, SALE)),
        ("targets", push.send_to_users("anna", SALE)),
        ("targets", push.send_to_labels(["vip"] * 6, SALE)),
        ("start_date", push.send_to_labels(["vip"], SALE, start_date="2026-07-23")),
        ("start_date", push.send_to_all(SALE, start_date="2026-02-30 00:00:00")),
        ("start_date", push.send_to_all(SALE, start_date=aware)),
        ("start_date", push.send_to_all(SALE, start_date=1)),
    ]
    for argument, call in calls:
        with pytest.raises(errors.InvalidArgument, match=f"^{argument}="):
            await call
    assert wire.server.requests == []


async def test_envelopes(chat: Session) -> None:
    """Settings name app and place, templates no path, and notifications neither."""
    template = {"name": "sale", "title_pattern": "t", "content_pattern": "c"}
    app = {"action", "application", "organization", "applicationName", "uri", "timestamp", "duration"}
    expected: list[tuple[str, str, Any, set[str]]] = [
        ("PUT", "/users/anna", {"nickname": "A"}, {*app, "path", "entities"}),
        ("GET", "/users/anna/notification/user/anna", None, {*app, "path", "data"}),
        ("GET", "/users/anna/notification/language", None, {*app, "path", "data"}),
        ("POST", "/notification/template", template, {*app, "data"}),
        ("POST", "/push/task", {"pushMessage": ON_THE_WIRE}, {"timestamp", "data", "duration"}),
        ("POST", "/push/label", {"name": "vip"}, {"timestamp", "data", "duration"}),
    ]
    for method, path, body, members in expected:
        assert (await chat.request(method, path, json=body)).json().keys() == members


SETTINGS: list[tuple[str, str, Any]] = [
    ("PUT", "/users/anna", {"nickname": "x" * 101}),
    ("PUT", "/users/anna", {"notification_display_style": 2}),
    ("PUT", "/users/anna", {"notification_display_style": None}),
    ("PUT", "/users/anna", {"notification_no_disturbing": "yes"}),
    ("PUT", "/users/anna", {"notification_no_disturbing_start": "24"}),
    ("PUT", "/users/anna", {"colour": "red"}),
    ("PUT", "/users/anna/notification/user/bob", {"type": "SOME"}),
    ("PUT", "/users/anna/notification/user/bob", {"ignoreInterval": "25:00-07:00"}),
    ("PUT", "/users/anna/notification/user/bob", {"ignoreDuration": 604_800_001}),
    ("PUT", "/users/anna/notification/chatroom/7", {"type": "ALL"}),
    ("GET", "/users/anna/notification/chatroom/7", None),
    ("PUT", "/users/anna/notification/language", {}),
    ("POST", "/notification/template", {"name": "x" * 65, "title_pattern": "t", "content_pattern": "c"}),
    ("POST", "/notification/template", {"name": "sale", "title_pattern": "t"}),
]


async def test_settings_that_the_emulator_refuses(chat: Session) -> None:
    """It judges by itself what comes from other clients."""
    for method, path, body in SETTINGS:
        with pytest.raises(errors.IllegalArgument, match="illegal_argument"):
            await chat.request(method, path, json=body)


async def test_other_clients(chat: Session) -> None:
    """Numbers come as text too, several display settings in one body, and an empty one changes nothing."""
    body = {"nickname": "A", "notification_display_style": "1", "notification_no_disturbing": True}
    (user,) = (await chat.request("PUT", "/users/anna", json=body)).json()["entities"]
    assert (user["nickname"], user["notification_display_style"], user["notification_no_disturbing"]) == ("A", 1, True)
    (same,) = (await chat.request("PUT", "/users/anna", json={})).json()["entities"]
    assert {**same, "modified": 0} == {**user, "modified": 0}


MESSAGES: list[Any] = [
    None,
    {},
    {"title": "t"},
    {"title": "x" * 33, "content": "c"},
    {"title": "t", "content": "x" * 101},
    {"title": "t", "content": "c", "subTitle": "x" * 11},
    {"title": "t", "content": "c", "subtitle": "x"},
    {"title": "t", "content": "c", "apns": 1},
    {"title": "t", "content": "c", "ext": {str(number): 1 for number in range(11)}},
    {"title": "t", "content": "c", "ext": {"k": "x" * 1024}},
]


async def test_messages_that_the_emulator_refuses(chat: Session) -> None:
    """A notification that breaks a rule has an error of its own."""
    bodies = {
        "/push/sync/anna": {},
        "/push/single": {"targets": ["anna"]},
        "/push/list/label": {"targets": ["vip"]},
        "/push/task": {},
    }
    for message, (path, body) in itertools.product(MESSAGES, bodies.items()):
        with pytest.raises(errors.IllegalArgument) as caught:
            await chat.request("POST", path, json={**body, "pushMessage": message})
        assert caught.value.error == "MessageException"
    slip = {"title": "t", "content": "c", "sub_title": "as some samples have it"}
    assert (await chat.request("POST", "/push/single", json={"targets": ["anna"], "pushMessage": slip})).status == 200


SENDS: list[tuple[str, Any]] = [
    ("/push/sync/anna", {"strategy": 5}),
    ("/push/sync/anna", {"startDate": "2026-07-23 12:00:00"}),
    ("/push/single", {}),
    ("/push/single", {"targets": ["anna"] * 101}),
    ("/push/list/label", {"targets": ["vip"] * 6}),
    ("/push/task", {"startDate": "tomorrow"}),
    ("/push/task", {"targets": ["anna"]}),
]


async def test_sends_that_the_emulator_refuses(chat: Session) -> None:
    """Other faults of a notification's request have one name."""
    for path, body in SENDS:
        with pytest.raises(errors.IllegalArgument, match="IllegalArgumentException"):
            await chat.request("POST", path, json={**body, "pushMessage": ON_THE_WIRE})
