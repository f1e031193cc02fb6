"""A database in a file holds everything over a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agora_chat_async import AppToken, NewUser, Session, Text, errors
from agora_chat_async.emulator import Emulator, serve


async def test_what_was_made_is_there_after_a_restart(tmp_path: Path) -> None:
    """Users, contacts, attributes, groups, rooms, threads, files, labels and messages, and what one has on another."""
    path = str(tmp_path / "emulator.db")
    async with (
        Emulator(path, enforce_quotas=False) as emulator,
        serve(emulator) as info,
        Session(info.org, info.app, host=info.url, token=AppToken(info.app_id, info.certificate)) as chat,
    ):
        await chat.users.create_many([NewUser(name) for name in ("anna", "bob", "carl")])
        await chat.contacts.add("anna", "bob")
        await chat.user_attributes.set("anna", {"nickname": "Anna"})
        group = await chat.groups.create("anna", public=True, name="g", description="d", members=["bob"])
        room = await chat.rooms.create("r", description="d", owner="anna", members=["carl"])
        await chat.room_attributes.set(room, "carl", {"topic": "tea"})
        await chat.group_mutes.mute(group, ["bob"], mute_duration=-1)
        await chat.push_labels.create("label")
        await chat.push_labels.add_users("label", ["anna"])
        file = await chat.files.upload(b"content")
        sent = await chat.messages.send_to_users(["anna"], Text("hello"))

    async with (
        Emulator(path, enforce_quotas=False) as emulator,
        serve(emulator) as info,
        Session(info.org, info.app, host=info.url, token=AppToken(info.app_id, info.certificate)) as chat,
    ):
        assert [user.username async for user in chat.users.list()] == ["anna", "bob", "carl"]
        assert [*await chat.contacts.list("anna")] == ["bob"]
        assert (await chat.user_attributes.get("anna"))["nickname"] == "Anna"
        assert await chat.groups.is_joined(group, "bob")
        assert [mute.user for mute in await chat.group_mutes.list(group)] == ["bob"]
        assert await chat.room_attributes.get(room) == {"topic": "tea"}
        assert [user.username async for user in chat.push_labels.list_users("label")] == ["anna"]
        assert await chat.files.download(file.uuid) == b"content"
        assert await chat.users.count_offline_messages("anna") == 1
        assert (await chat.messages.recall(sent["anna"], "anna", "chat")).ok
        await chat.users.delete("bob")
        assert not await chat.groups.is_joined(group, "bob")
        await chat.users.delete("anna")
        try:
            await chat.groups.get([group])
        except errors.NotFound:
            pass
        else:
            raise AssertionError("the groups of a deleted owner go with it")


MADE: list[tuple[str, str, Any]] = [
    ("POST", "/users", [{"username": name, "nickname": name.title()} for name in ("anna", "bob", "carl", "dora")]),
    ("PUT", "/users/anna/password", {"newpassword": "new"}),
    ("POST", "/users/dora/deactivate", None),
    ("POST", "/users/anna/contacts/users/bob", None),
    ("PUT", "/user/anna/contacts/users/bob", {"remark": "friend"}),
    ("POST", "/users/anna/blocks/users", {"usernames": ["carl"]}),
    ("POST", "/mutes", {"username": "anna", "chat": 1000, "groupchat": -1}),
    ("POST", "/users/anna/presence/android_1/1", {"ext": "here"}),
    ("POST", "/users/bob/presence/3600", {"usernames": ["anna"]}),
    ("PUT", "/users/anna", {"notification_display_style": 1, "notification_no_disturbing": True}),
    ("PUT", "/users/anna/notification/user/anna", {"type": "AT", "ignoreDuration": 1000}),
    ("PUT", "/users/anna/notification/language", {"translationLanguage": "en"}),
    ("POST", "/notification/template", {"name": "t", "title_pattern": "a", "content_pattern": "b"}),
    ("POST", "/push/label", {"name": "l"}),
    ("POST", "/push/label/l/user", {"usernames": ["anna", "bob"]}),
    ("POST", "/push/task", {"startDate": "2023-11-15 00:00:00", "pushMessage": {"title": "t", "content": "c"}}),
    ("POST", "/messages/users", {"to": ["anna", "bob"], "type": "txt", "body": {"msg": "hello"}}),
    ("DELETE", "/users/bob/user_channel", {"channel": "admin", "type": "chat", "delete_roam": True}),
    ("POST", "http://emulator/_emulator/callbacks", {"size": 3}),
    ("POST", "http://emulator/_emulator/users/carl/online", None),
]
ASKED: list[tuple[str, str, Any]] = [
    ("GET", "/users?limit=3", None),
    ("GET", "/users/anna", None),
    ("GET", "/users/anna/offline_msg_count", None),
    ("POST", "/users/batch/status", {"usernames": ["anna", "carl"]}),
    ("GET", "/user/anna/contacts?needReturnRemark=true", None),
    ("GET", "/users/anna/blocks/users", None),
    ("GET", "/metadata/user/anna", None),
    ("GET", "/metadata/user/capacity", None),
    ("GET", "/mutes", None),
    ("POST", "/users/bob/presence", {"usernames": ["anna"]}),
    ("GET", "/users/bob/presence/sublist", None),
    ("GET", "/users/anna/notification/user/anna", None),
    ("GET", "/users/anna/notification/language", None),
    ("GET", "/notification/template/t", None),
    ("GET", "/push/label/l", None),
    ("GET", "/push/label/l/user", None),
    ("GET", "/callbacks/storage/info", None),
    ("GET", "http://emulator/_emulator/users/anna/messages", None),
    ("GET", "http://emulator/_emulator/users/bob/messages", None),
    ("GET", "http://emulator/_emulator/tables", None),
]


async def test_every_answer_is_the_same_after_a_restart(tmp_path, clock, connect) -> None:
    """By plain HTTP, with a clock that stands still."""
    path, settings = str(tmp_path / "emulator.db"), {"now": lambda: clock.wall, "monotonic": lambda: clock.ticks}
    answers = list[list[Any]]()
    for made in (MADE, []):
        async with Emulator(path, **settings) as emulator:
            client = connect(emulator)
            if made:
                form = {"nickname": "Anna", "ext": "ä"}
                assert (await client.put("/metadata/user/anna", data=form)).json()["data"] == form
            for method, target, body in made:
                response = await client.request(method, target, json=body)
                assert response.status_code == 200, (target, response.text)
            answers.append([(await client.request(method, target, json=body)).json() for method, target, body in ASKED])
    assert answers[0] == answers[1]
