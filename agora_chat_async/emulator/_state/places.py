"""What groups and chat rooms have in common: an owner, members, admins, and an end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Literal

from attrs import frozen

from agora_chat_async.emulator._errors import Refusal, forbidden, unknown_user
from agora_chat_async.emulator._limits import Limits
from agora_chat_async.emulator._state.cursors import cursor_of, place_of
from agora_chat_async.emulator._state.ids import RisingIds
from agora_chat_async.emulator._state.queries import json_text, scalar
from agora_chat_async.emulator._state.users import Users

Sort = Literal["asc", "desc"]
"""The order of joining: who came first first, or last."""

_LAST: Final = (1 << 63) - 1


@frozen
class Caps:
    """How many places and members there may be."""

    places: int
    members: int
    """In one place."""
    places_of_user: int
    """That one user is in."""


@frozen
class Page:
    """Some places, newest first, and where the next ones begin."""

    places: Sequence[sqlite3.Row]
    cursor: str | None


@frozen
class MemberPage:
    """Some members, and where the next ones begin."""

    names: Sequence[str]
    cursor: str | None


class Places:
    """All places of a kind and their members; the owner is one of these."""

    kind: ClassVar[str]
    table: ClassVar[str]
    member_table: ClassVar[str]
    """Has the columns `place`, `username` and `admin`, and `seq`, the order of joining."""
    member_order: ClassVar[str]
    """How members are listed where no order is asked for."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        now_ms: Callable[[], int],
        ids: RisingIds,
        users: Users,
        *,
        limits: Limits,
    ) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._users = users
        self._caps = self.caps(limits)
        self._max_admins = limits.admins
        self._ids = ids
        self.on_delete: list[Callable[[str], None]] = []
        """Called with the id of a place that is about to go."""
        self.on_leave: list[Callable[[str, str], None]] = []
        """Called with place and name of a member who has left or was removed."""
        self.before_join: list[Callable[[str, str], None]] = []
        """Called with place and name of a user who is to come in; may refuse."""

    @staticmethod
    def caps(limits: Limits) -> Caps:
        """Take from all limits those that are about places of this kind."""
        raise NotImplementedError

    def missing(self, place: str) -> Refusal:
        """Say that there is no such place."""
        raise NotImplementedError

    def count(self) -> int:
        """Tell how many places there are."""
        return self._scalar(f"SELECT count(*) FROM {self.table}")  # noqa: S608

    def find(self, place: str) -> sqlite3.Row | None:
        """Look a place up."""
        rows = self._rows(f"SELECT * FROM {self.table} WHERE id = ?", place)  # noqa: S608
        return rows[0] if rows else None

    def require(self, place: str) -> sqlite3.Row:
        """Look a place up, which has to exist."""
        row = self.find(place)
        if row is None:
            raise self.missing(place)
        return row

    def page(self, limit: int, cursor: str | None) -> Page:
        """Return places, newest first, those after a cursor."""
        before = place_of(self.kind, cursor) if cursor else _LAST
        rows = self._rows(
            f"SELECT * FROM {self.table} WHERE seq < ? ORDER BY seq DESC LIMIT ?",  # noqa: S608
            before,
            limit + 1,
        )
        return Page(rows[:limit], cursor_of(self.kind, rows[limit - 1]["seq"]) if len(rows) > limit else None)

    def joined(self, name: str, limit: int, offset: int = 0) -> list[sqlite3.Row]:
        """Return the places that a user is in, the one joined last first."""
        return self._rows(
            f"SELECT {self.table}.* FROM {self.member_table} JOIN {self.table} ON {self.table}.id = place"  # noqa: S608
            f" WHERE username = ? ORDER BY {self.member_table}.seq DESC LIMIT ? OFFSET ?",
            self._users.get(name)["username"],
            limit,
            offset,
        )

    def update(self, place: str, changes: Mapping[str, Any]) -> None:
        """Set columns of a place, such as its name or whether it is mute."""
        self.require(place)
        for column, value in changes.items():
            self._connection.execute(f"UPDATE {self.table} SET {column} = ? WHERE id = ?", (value, place))  # noqa: S608

    def transfer(self, place: str, name: str) -> None:
        """Make a member the owner, who stops being an admin; the old owner stays as a plain member."""
        if name == self.owner(place):
            raise forbidden("new owner and old owner are the same")
        if not self.is_member(place, name):
            raise forbidden(not_there(place, name))
        self._set_admin(place, name, admin=False)
        self.update(place, {"owner": name})

    def delete(self, place: str) -> None:
        """Delete a place with all that belongs to it; its messages stay."""
        self.require(place)
        for hook in self.on_delete:
            hook(place)
        self._connection.execute(f"DELETE FROM {self.member_table} WHERE place = ?", (place,))  # noqa: S608
        self._connection.execute(f"DELETE FROM {self.table} WHERE id = ?", (place,))  # noqa: S608

    def owner(self, place: str) -> str:
        """Name the owner of a place."""
        return str(self.require(place)["owner"])

    def count_members(self, place: str) -> int:
        """Tell how many are in a place, its owner included."""
        return self._scalar(f"SELECT count(*) FROM {self.member_table} WHERE place = ?", place)  # noqa: S608

    def members(self, place: str, limit: int = -1, offset: int = 0, *, sort: Sort | None = None) -> list[str]:
        """Return who is in a place, owner, admins and the others; `sort` puts them in the order of joining."""
        return self._names(
            f"SELECT username FROM {self.member_table} WHERE place = ?"  # noqa: S608
            f" ORDER BY {f'seq {sort}' if sort else self.member_order} LIMIT ? OFFSET ?",
            self.require(place)["id"],
            limit,
            offset,
        )

    def member_page(self, place: str, limit: int, cursor: str | None, sort: Sort) -> MemberPage:
        """Return who is in a place but its owner, in the order of joining, those after a cursor."""
        kind, newest_first = f"{self.kind} member", sort == "desc"
        after = place_of(kind, cursor) if cursor else _LAST if newest_first else 0
        rows = self._rows(
            f"SELECT seq, username FROM {self.member_table}"  # noqa: S608
            f" WHERE place = ? AND username <> ? AND seq {'<' if newest_first else '>'} ? ORDER BY seq {sort} LIMIT ?",
            place,
            self.owner(place),
            after,
            limit + 1,
        )
        names = [str(row["username"]) for row in rows[:limit]]
        return MemberPage(names, cursor_of(kind, rows[limit - 1]["seq"]) if len(rows) > limit else None)

    def is_member(self, place: str, username: str) -> bool:
        """Whether a user is in a place."""
        query = f"SELECT count(*) FROM {self.member_table} WHERE place = ? AND username = ?"  # noqa: S608
        return bool(self._scalar(query, place, username))

    def remove_member(self, place: str, username: str) -> None:
        """Put a member out, and tell those who have to know."""
        self._connection.execute(
            f"DELETE FROM {self.member_table} WHERE place = ? AND username = ?",  # noqa: S608
            (place, username),
        )
        for hook in self.on_leave:
            hook(place, username)

    def admins(self, place: str) -> list[str]:
        """Return the admins of a place, in the order of joining; the owner is none of them."""
        return self._names(
            f"SELECT username FROM {self.member_table} WHERE place = ? AND admin ORDER BY seq",  # noqa: S608
            self.require(place)["id"],
        )

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Delete the places of deleted users, and take them out of all others."""
        names = json_text([user["username"] for user in gone])
        among = "IN (SELECT value FROM json_each(?))"
        for place in self._names(f"SELECT id FROM {self.table} WHERE owner {among}", names):  # noqa: S608
            self.delete(place)
        for row in self._rows(f"SELECT place, username FROM {self.member_table} WHERE username {among}", names):  # noqa: S608
            self.remove_member(row["place"], row["username"])

    def _existing(self, name: str) -> str:
        """Look a user up by whatever name, and return the one that counts."""
        return self._known(name, unknown_user)

    def _applicant(self, name: str) -> str:
        """Look a user up who is to come in."""
        return self._known(name, self._unknown_member)

    def _unknown_member(self, name: str) -> Refusal:
        """Say that nobody has the name of a user who is to come in."""
        raise NotImplementedError

    def _known(self, name: str, unknown: Callable[[str], Refusal]) -> str:
        user = self._users.find(name)
        if user is None:
            raise unknown(name)
        return str(user["username"])

    def _ask_before_join(self, place: str, usernames: Iterable[str]) -> None:
        for username in usernames:
            for hook in self.before_join:
                hook(place, username)

    def _busiest(self, usernames: Iterable[str]) -> str | None:
        """Name one of the users who is in as many places as a user may be, if any is."""
        query = f"SELECT count(*) FROM {self.member_table} WHERE username = ?"  # noqa: S608
        return next(
            (username for username in usernames if self._scalar(query, username) >= self._caps.places_of_user), None
        )

    def _insert(self, place: str, usernames: Iterable[str]) -> None:
        self._connection.executemany(
            f"INSERT INTO {self.member_table} (place, username) VALUES (?, ?)",  # noqa: S608
            [(place, name) for name in usernames],
        )

    def _set_admin(self, place: str, username: str, *, admin: bool) -> None:
        self._connection.execute(
            f"UPDATE {self.member_table} SET admin = ? WHERE place = ? AND username = ?",  # noqa: S608
            (admin, place, username),
        )

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def _names(self, query: str, *values: Any) -> list[str]:
        return [str(row[0]) for row in self._rows(query, *values)]

    def _scalar(self, query: str, *values: Any) -> int:
        return scalar(self._connection, query, *values)


def not_there(place: str, username: str) -> str:
    """Say that a user is not in a place, which the service calls a group also where it is a room."""
    return f"user: {username} doesn't exist in group: {place}"
