"""What the tests of the resource groups share: a session on an emulator, and one whose requests are looked at."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import define, frozen
from raw_server import RawServer, answer, raw_server

from agora_chat_async import AppToken, NewUser, Session
from agora_chat_async.emulator import Emulator, serve
from agora_chat_async.models.lists import GroupListChange, RoomListChange


@define
class Clock:
    """The emulator's wall clock, which a test can put forward."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator_settings() -> dict[str, Any]:
    """What is special about the emulator of a test, which parametrizes this."""
    return {}


@pytest.fixture
async def emulator(clock: Clock, emulator_settings: dict[str, Any]) -> AsyncIterator[Emulator]:
    """An emulator that counts no calls."""
    async with Emulator(enforce_quotas=False, now=clock, **emulator_settings) as emulator:
        yield emulator


@pytest.fixture
async def chat(emulator: Emulator) -> AsyncIterator[Session]:
    """A session on the emulator, over HTTP; anna, bob, carl and dora are users."""
    async with (
        serve(emulator) as info,
        Session(info.org, info.app, host=info.url, token=AppToken(info.app_id, info.certificate)) as chat,
    ):
        await chat.users.create_many([NewUser(name) for name in ("anna", "bob", "carl", "dora")])
        yield chat


@define
class Wire:
    """A session whose requests go to a server that answers what it is told to, and keeps what arrives."""

    chat: Session
    server: RawServer

    def answers(self, data: Any = None, **members: Any) -> None:
        """Say with which `data`, and which other members of the envelope, calls are answered from now on."""

        async def respond(_: object) -> bytes:
            return answer(body=json.dumps({"data": data, **members}).encode())

        self.server.respond = respond

    @property
    def sent(self) -> tuple[str, str, Any]:
        """Method, target below the app and JSON body of the last request."""
        request = self.server.requests[-1]
        assert request.target.startswith("/org/app/")
        return (
            request.method,
            request.target.removeprefix("/org/app"),
            json.loads(request.body) if request.body else None,
        )


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with raw_server() as server, Session("org", "app", host=server.url, token="t") as chat:
        yield Wire(chat, server)


@frozen
class Place:
    """A group or room of anna with bob and carl in it; dora is outside."""

    id: str
    mutes: Any
    blocks: Any
    allowlist: Any
    members: Any
    details: Any
    is_group: bool

    def change(self, user: str, action: str, reason: str | None = None) -> GroupListChange | RoomListChange:
        told = {"user": user, "result": reason is None, "action": action, "reason": reason}
        if self.is_group:
            return GroupListChange(**told, group_id=self.id)
        return RoomListChange(**told, chatroom_id=self.id)

    def outside(self, user: str) -> str:
        return f"user: {user} doesn't exist in {'group' if self.is_group else 'chatroom'}: {self.id}"

    async def blocked(self) -> list[str]:
        listing = self.blocks.list(self.id)
        return [name async for name in listing] if self.is_group else [*await listing]

    async def is_mute(self) -> bool:
        (found,) = await self.details.get([self.id])
        return found.mute

    async def names(self) -> set[str]:
        """Who is in."""
        return {getattr(member, "username", member) async for member in self.members.list(self.id)}


async def _make_group(chat: Any) -> Place:
    id_ = await chat.groups.create("anna", public=True, name="g", description="d", members=["bob", "carl"])
    return Place(id_, chat.group_mutes, chat.group_blocks, chat.group_allowlist, chat.group_members, chat.groups, True)


async def _make_room(chat: Any) -> Place:
    id_ = await chat.rooms.create("r", description="d", owner="anna", members=["bob", "carl"])
    return Place(id_, chat.room_mutes, chat.room_blocks, chat.room_allowlist, chat.room_members, chat.rooms, False)


@pytest.fixture
async def group(chat: Session) -> Place:
    return await _make_group(chat)


@pytest.fixture
async def room(chat: Session) -> Place:
    return await _make_room(chat)


@pytest.fixture(params=[_make_group, _make_room], ids=["group", "room"])
async def place(request: pytest.FixtureRequest, chat: Session) -> Place:
    return await request.param(chat)
