"""The data of the emulated app and its rules, a module a resource group; nothing here knows of HTTP.

A module has the `SCHEMA` of its tables and a class with the rules; both are named here. What a deleted user leaves
behind is cleared by the hooks in `Users.on_delete`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from agora_chat_async.emulator._database import Database
from agora_chat_async.emulator._limits import Limits
from agora_chat_async.emulator._state import (
    callbacks,
    contacts,
    conversations,
    files,
    group_attributes,
    groups,
    lists,
    messages,
    mutes,
    offline,
    presence,
    push,
    push_labels,
    reactions,
    room_attributes,
    rooms,
    threads,
    tokens,
    user_attributes,
    users,
)
from agora_chat_async.emulator._state.callbacks import Callbacks
from agora_chat_async.emulator._state.contacts import Contacts
from agora_chat_async.emulator._state.conversations import Conversations
from agora_chat_async.emulator._state.files import Files
from agora_chat_async.emulator._state.group_attributes import GroupAttributes
from agora_chat_async.emulator._state.groups import Groups
from agora_chat_async.emulator._state.ids import RisingIds
from agora_chat_async.emulator._state.lists import MemberLists
from agora_chat_async.emulator._state.messages import Messages
from agora_chat_async.emulator._state.mutes import Mutes
from agora_chat_async.emulator._state.offline import Offline
from agora_chat_async.emulator._state.presence import Presence
from agora_chat_async.emulator._state.push import Push
from agora_chat_async.emulator._state.push_labels import PushLabels
from agora_chat_async.emulator._state.queries import scalar
from agora_chat_async.emulator._state.reactions import Reactions
from agora_chat_async.emulator._state.room_attributes import RoomAttributes
from agora_chat_async.emulator._state.rooms import Rooms
from agora_chat_async.emulator._state.speaking import Speaking
from agora_chat_async.emulator._state.threads import Threads
from agora_chat_async.emulator._state.tokens import Tokens
from agora_chat_async.emulator._state.user_attributes import UserAttributes
from agora_chat_async.emulator._state.users import Users

_SCHEMAS: Final = (
    users.SCHEMA,
    files.SCHEMA,
    contacts.SCHEMA,
    user_attributes.SCHEMA,
    mutes.SCHEMA,
    presence.SCHEMA,
    callbacks.SCHEMA,
    messages.SCHEMA,
    offline.SCHEMA,
    conversations.SCHEMA,
    tokens.SCHEMA,
    rooms.SCHEMA,
    room_attributes.SCHEMA,
    groups.SCHEMA,
    group_attributes.SCHEMA,
    lists.SCHEMA,
    threads.SCHEMA,
    reactions.SCHEMA,
    push.SCHEMA,
    push_labels.SCHEMA,
)
_NEWEST_PLACE: Final = """
SELECT coalesce(max(CAST(id AS INTEGER)), 0)
FROM (SELECT id FROM chatgroups UNION ALL SELECT id FROM rooms UNION ALL SELECT id FROM threads)
"""


def open_database(path: str) -> Database:
    """Open a database, or make it, with the tables of all groups."""
    return Database(path, _SCHEMAS)


class State:
    """Everything that the app remembers; its methods run in the database's thread."""

    def __init__(self, database: Database, now: Callable[[], float], limits: Limits) -> None:
        def now_ms() -> int:
            return int(now() * 1000)

        self.database: Final = database
        connection = database.connection
        self.users: Final = Users(connection, now_ms)
        self.offline: Final = Offline(connection)
        self.messages: Final = Messages(connection, now_ms, self.offline)
        self.conversations: Final = Conversations(connection, self.messages.newest_id)
        self.users.on_delete += [self.offline.forget, self.conversations.forget]
        self.tokens: Final = Tokens(connection, now_ms)
        self.contacts: Final = Contacts(connection, self.users)
        self.user_attributes: Final = UserAttributes(connection)
        self.mutes: Final = Mutes(connection, now_ms, self.users)
        self.presence: Final = Presence(connection, now_ms)
        self.callbacks: Final = Callbacks(connection, now_ms)
        self.users.on_delete += [self.contacts.forget, self.user_attributes.forget]
        self.users.on_delete += [self.mutes.forget, self.presence.forget]
        self.users.on_login.append(self.presence.came_or_went)
        # Of 15 digits; a thread is sent to as a group is, so that no two of them may have one id.
        ids = RisingIds(now_ms, lambda: scalar(connection, _NEWEST_PLACE), digits=2)
        self.rooms: Final = Rooms(connection, now_ms, ids, self.users, limits=limits)
        self.room_attributes: Final = RoomAttributes(connection, self.rooms)
        self.groups: Final = Groups(connection, now_ms, ids, self.users, limits=limits)
        self.files: Final = Files(connection, now_ms, self.groups)
        self.groups.on_delete.append(self.files.forget_group)
        self.group_attributes: Final = GroupAttributes(connection, self.groups)
        self.group_lists: Final = MemberLists(connection, now_ms, lists.GROUP, self.groups)
        self.room_lists: Final = MemberLists(connection, now_ms, lists.ROOM, self.rooms)
        self.users.on_delete += [self.group_lists.forget, self.room_lists.forget]
        self.threads: Final = Threads(connection, now_ms, ids, self.messages, self.groups, limits=limits)
        self.speaking: Final = Speaking(self.groups, self.group_lists, self.rooms, self.room_lists, self.threads)
        self.reactions: Final = Reactions(
            connection, now_ms, self.messages, self.groups, self.threads, most=limits.reactions_per_message
        )
        self.users.on_delete.append(self.reactions.forget)
        self.push: Final = Push(connection, now_ms, self.users)
        self.push_labels: Final = PushLabels(connection, now_ms, self.users)
        self.users.on_delete += [self.push.forget, self.push_labels.forget]
        self.users.on_delete += [self.groups.forget, self.messages.forget, self.tokens.forget, self.rooms.forget]

    def counts(self) -> dict[str, int]:
        """Tell how many rows each table has."""
        connection = self.database.connection
        tables = [
            str(row["name"])
            for row in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
            )
        ]
        return {table: scalar(connection, f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608

    def clear(self) -> None:
        """Empty every table."""
        for table in self.counts():
            self.database.connection.execute(f"DELETE FROM {table}")  # noqa: S608
