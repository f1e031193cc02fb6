"""Groups: what they are, who is in them, and who may do what there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from agora_chat_async.emulator._errors import (
    Refusal,
    forbidden,
    invalid_parameter,
    limit_exceeded,
    no_such_group,
    unknown_group_member,
)
from agora_chat_async.emulator._limits import Limits
from agora_chat_async.emulator._state.places import Caps, Places, not_there

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS chatgroups (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    groupname TEXT NOT NULL,
    description TEXT NOT NULL,
    avatar TEXT,
    custom TEXT NOT NULL,
    public INTEGER NOT NULL,
    membersonly INTEGER NOT NULL,
    allowinvites INTEGER NOT NULL,
    invite_need_confirm INTEGER NOT NULL,
    maxusers INTEGER NOT NULL,
    owner TEXT NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    mute INTEGER NOT NULL DEFAULT 0,
    disabled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS chatgroups_by_owner ON chatgroups (owner);
CREATE TABLE IF NOT EXISTS group_members (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,
    username TEXT NOT NULL,
    admin INTEGER NOT NULL DEFAULT 0,
    UNIQUE (place, username)
);
CREATE INDEX IF NOT EXISTS group_members_by_name ON group_members (username, seq);
"""


@frozen(kw_only=True)
class NewGroup:
    """A group to be made."""

    owner: str
    settings: Mapping[str, Any]
    """Every setting that a group has, by the name of its column."""
    members: Sequence[str] = ()


class Groups(Places):
    """The groups of the app and their members."""

    kind = "group"
    table = "chatgroups"
    member_table = "group_members"
    member_order = "seq DESC"

    @staticmethod
    def caps(limits: Limits) -> Caps:
        """Take the limits of groups."""
        return Caps(limits.groups, limits.group_members, limits.groups_per_user)

    def missing(self, place: str) -> Refusal:
        """Say that there is no such group."""
        return no_such_group(place)

    def create(self, new: NewGroup) -> str:
        """Make a group with its first members, and return its id."""
        if self.count() >= self._caps.places:
            raise forbidden("the app has created too many groups/chatrooms")
        names = list(dict.fromkeys(map(self._existing, [new.owner, *new.members])))
        self._refuse_crowd(names, len(names), new.settings["maxusers"])
        now, group_id = self._now_ms(), str(self._ids.next())
        columns = {**new.settings, "id": group_id, "owner": names[0], "created": now, "modified": now}
        self._connection.execute(
            f"INSERT INTO chatgroups ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608
            tuple(columns.values()),
        )
        self._insert(group_id, names)
        return group_id

    def update(self, place: str, changes: Mapping[str, Any]) -> None:
        """Set columns of a group, such as its name, or whether it is mute or disabled."""
        self.require(place)
        if "maxusers" in changes and changes["maxusers"] < self.count_members(place):
            raise invalid_parameter(f"maxusers of {changes['maxusers']} is less than the group has members")
        super().update(place, {**changes, "modified": self._now_ms()})

    def add_members(self, place: str, names: Iterable[str]) -> list[str]:
        """Let all of the users in, or none, and return who is new; refused where everybody is there already."""
        maxusers = self.require(place)["maxusers"]
        wanted = list(dict.fromkeys(map(self._applicant, names)))
        fresh = [name for name in wanted if not self.is_member(place, name)]
        if not fresh:
            raise forbidden(f"can not join this group, reason:user: {wanted[0]} already in group: {place}")
        self._ask_before_join(place, fresh)
        self._refuse_crowd(fresh, self.count_members(place) + len(fresh), maxusers)
        self._insert(place, fresh)
        return fresh

    def remove_member(self, place: str, username: str) -> None:
        """Put a member out; refused for the owner and for those who are not there."""
        self.remove_members(place, [username])

    def remove_members(self, place: str, names: Iterable[str]) -> dict[str, str | None]:
        """Put out who is there, and tell of each of the others why not; refused for the owner, and where nobody is."""
        faults = {name: None if self.is_member(place, name) else not_there(place, name) for name in names}
        if self.owner(place) in faults:
            raise forbidden("forbidden operation on group owner!")
        if all(faults.values()):
            raise forbidden(f"users [{', '.join(faults)}] are not members of this group!")
        for name in [name for name, fault in faults.items() if fault is None]:
            super().remove_member(place, name)
        return faults

    def add_admin(self, place: str, username: str) -> None:
        """Make a plain member an admin."""
        admins = self.admins(place)
        if not self.is_member(place, username):
            raise Refusal(404, "resource_not_found", not_there(place, username))
        if username in {*admins, self.owner(place)}:
            raise forbidden(f"user: {username} is owner or admin of group: {place} already")
        if len(admins) >= self._max_admins:
            raise limit_exceeded(f"group {place} has {self._max_admins} admins already")
        self._set_admin(place, username, admin=True)

    def remove_admin(self, place: str, username: str) -> None:
        """Make an admin a plain member."""
        if username not in self.admins(place):
            raise forbidden(f"user:{username} is not admin of group:{place}")
        self._set_admin(place, username, admin=False)

    def _unknown_member(self, name: str) -> Refusal:
        return unknown_group_member(name)

    def _refuse_crowd(self, fresh: Sequence[str], count: int, maxusers: int) -> None:
        if count > maxusers:
            raise limit_exceeded("members size is greater than max user size !")
        busiest = self._busiest(fresh)
        if busiest is not None:
            raise forbidden(f"user {busiest} has joined too many groups/chatroom!")
