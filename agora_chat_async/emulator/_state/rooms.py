"""Chat rooms: what they are, who is in them, and who may do what there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from agora_chat_async.emulator._errors import Refusal, forbidden, limit_exceeded, no_such_room, unknown_room_member
from agora_chat_async.emulator._limits import Limits
from agora_chat_async.emulator._state.places import Caps, Places, not_there

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rooms (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    maxusers INTEGER NOT NULL,
    owner TEXT NOT NULL,
    custom TEXT NOT NULL,
    created INTEGER NOT NULL,
    announcement TEXT NOT NULL DEFAULT '',
    mute INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS rooms_by_owner ON rooms (owner);
CREATE TABLE IF NOT EXISTS room_members (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,
    username TEXT NOT NULL,
    admin INTEGER NOT NULL DEFAULT 0,
    UNIQUE (place, username)
);
CREATE INDEX IF NOT EXISTS room_members_by_name ON room_members (username, seq);
CREATE TABLE IF NOT EXISTS super_admins (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE
);
"""

_OWNER: Final = "forbidden operation on group owner!"


@frozen(kw_only=True)
class NewRoom:
    """A room to be made."""

    name: str
    description: str
    owner: str
    maxusers: int
    members: Sequence[str] = ()
    custom: str = ""


class Rooms(Places):
    """The rooms of the app and their members, and the super admins, who may make rooms from a client."""

    kind = "room"
    table = "rooms"
    member_table = "room_members"
    member_order = "username <> (SELECT owner FROM rooms WHERE id = place), seq"

    @staticmethod
    def caps(limits: Limits) -> Caps:
        """Take the limits of rooms."""
        return Caps(limits.rooms, limits.room_members, limits.rooms_per_user)

    def missing(self, place: str) -> Refusal:
        """Say that there is no such room."""
        return no_such_room(place)

    def create(self, new: NewRoom) -> str:
        """Make a room with its first members, and return its id."""
        if self.count() >= self._caps.places:
            raise forbidden("the app has created too many groups/chatrooms")
        names = list(dict.fromkeys(map(self._existing, [new.owner, *new.members])))
        if len(names) > min(new.maxusers, self._caps.members):
            raise limit_exceeded("members size is greater than max user size !")
        self._refuse_busy(names)
        room_id = str(self._ids.next())
        self._connection.execute(
            "INSERT INTO rooms (id, name, description, maxusers, owner, custom, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (room_id, new.name, new.description, new.maxusers, names[0], new.custom, self._now_ms()),
        )
        self._insert(room_id, names)
        return room_id

    def peopled(self) -> list[str]:
        """Return the rooms that have a member."""
        return self._names("SELECT DISTINCT place FROM room_members")

    def add_member(self, place: str, name: str) -> str:
        """Let a user in who is not there yet, and return the name."""
        self.require(place)
        username = self._applicant(name)
        if self.is_member(place, username):
            raise Refusal(
                400, "forbidden_op", f"can not join this group, reason:user: {username} already in group: {place}"
            )
        self._admit(place, [username])
        return username

    def add_members(self, place: str, names: Iterable[str]) -> list[str]:
        """Let all of the users in, or none; those who are there already count as let in."""
        self.require(place)
        usernames = list(dict.fromkeys(map(self._applicant, names)))
        self._admit(place, [name for name in usernames if not self.is_member(place, name)])
        return usernames

    def remove_member(self, place: str, username: str) -> None:
        """Put a member out; refused for the owner and for those who are not there."""
        if fault := self._why_stays(place, username):
            raise forbidden(fault)
        super().remove_member(place, username)

    def remove_user(self, place: str, name: str) -> str:
        """Put a registered user out in the same way, and return the name."""
        self.require(place)
        username = self._existing(name)
        self.remove_member(place, username)
        return username

    def remove_members(self, place: str, names: Iterable[str]) -> dict[str, str | None]:
        """Put out who can be, and tell of each of the others why not; refused where nobody is there."""
        faults = {name: self._why_stays(place, name) for name in names}
        if all(faults.values()):
            raise forbidden(f"users [{', '.join(faults)}] are not members of this group!")
        for name in [name for name, fault in faults.items() if fault is None]:
            super().remove_member(place, name)
        return faults

    def add_admin(self, place: str, name: str) -> str:
        """Make a member an admin, also one who is, and return the name."""
        admins, username = self.admins(place), self._existing(name)
        if not self.is_member(place, username):
            raise forbidden(not_there(place, username))
        if username == self.owner(place):
            raise forbidden(_OWNER)
        if username not in admins and len(admins) >= self._max_admins:
            raise forbidden(f"chatroom {place} has {self._max_admins} admins already")
        self._set_admin(place, username, admin=True)
        return username

    def remove_admin(self, place: str, name: str) -> str:
        """Make an admin a plain member, and return the name."""
        admins, username = self.admins(place), self._existing(name)
        if username not in admins:
            raise forbidden(f"user:{username} is not admin of group:{place}")
        self._set_admin(place, username, admin=False)
        return username

    def transfer(self, place: str, name: str) -> None:
        """Make a member the owner; the name has to be a registered user's."""
        self.require(place)
        super().transfer(place, self._existing(name))

    def super_admins(self, limit: int, offset: int = 0) -> list[str]:
        """Return who may make rooms from a client, the one named last first."""
        return self._names("SELECT username FROM super_admins ORDER BY seq DESC LIMIT ? OFFSET ?", limit, offset)

    def add_super_admin(self, name: str) -> None:
        """Let a user make rooms from a client."""
        self._connection.execute("INSERT OR IGNORE INTO super_admins (username) VALUES (?)", (self._existing(name),))

    def remove_super_admin(self, name: str) -> str:
        """Let a user no longer make rooms from a client, and return the name."""
        username = self._existing(name)
        self._connection.execute("DELETE FROM super_admins WHERE username = ?", (username,))
        return username

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Delete the rooms of deleted users, take them out of all others, and their rights away."""
        super().forget(gone)
        self._connection.executemany(
            "DELETE FROM super_admins WHERE username = ?", [(user["username"],) for user in gone]
        )

    def _why_stays(self, place: str, username: str) -> str | None:
        if username == self.owner(place):
            return _OWNER
        return None if self.is_member(place, username) else not_there(place, username)

    def _unknown_member(self, name: str) -> Refusal:
        return unknown_room_member(name)

    def _admit(self, place: str, usernames: Sequence[str]) -> None:
        self._ask_before_join(place, usernames)
        if usernames and self.count_members(place) + len(usernames) > min(
            self.require(place)["maxusers"], self._caps.members
        ):
            raise forbidden(f"chatroom {place} is full")
        self._refuse_busy(usernames)
        self._insert(place, usernames)

    def _refuse_busy(self, usernames: Iterable[str]) -> None:
        busiest = self._busiest(usernames)
        if busiest is not None:
            raise forbidden(f"user {busiest} has joined too many groups/chatroom")
