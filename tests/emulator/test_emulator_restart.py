"""A database in a file holds everything over a restart."""

from __future__ import annotations

from pathlib import Path

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
