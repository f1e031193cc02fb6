"""Mute, block and allow lists of groups and chat rooms, whose rules differ in a few points only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Literal, Protocol

from attrs import frozen

from agora_chat_async.emulator._errors import Refusal, forbidden
from agora_chat_async.emulator._state.cursors import cursor_of, place_of
from agora_chat_async.emulator._state.queries import json_text

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS member_lists (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    place TEXT NOT NULL,
    list TEXT NOT NULL,
    username TEXT NOT NULL,
    expire INTEGER,
    UNIQUE (kind, place, list, username)
);
CREATE INDEX IF NOT EXISTS member_lists_by_name ON member_lists (username);
"""

FOR_GOOD: Final = -1
"""Duration of a mute that does not end by itself."""
LAST_MS: Final = 4_638_873_600_000
"""What the service tells as the end of such a mute; none ends later."""

_OWNER: Final = "forbidden operation on group owner!"
_NO_CURSOR: Final = (1 << 63) - 1

ListName = Literal["mute", "block", "allow"]
Faults = dict[str, str | None]
"""For each user why nothing was done; None where it was."""


class Memberships(Protocol):
    """What lists have to know of the groups or the rooms of the app."""

    on_delete: list[Callable[[str], None]]
    on_leave: list[Callable[[str, str], None]]
    before_join: list[Callable[[str, str], None]]

    def owner(self, place: str, /) -> str:
        """Name the owner; the place has to exist."""
        ...

    def admins(self, place: str, /) -> list[str]:
        """Name the admins."""
        ...

    def is_member(self, place: str, username: str, /) -> bool:
        """Whether a user is in."""
        ...

    def remove_member(self, place: str, username: str, /) -> None:
        """Put a member out."""
        ...

    def update(self, place: str, changes: Mapping[str, Any], /) -> None:
        """Set columns."""
        ...


@frozen
class Rules:
    """Where groups and rooms differ."""

    kind: Literal["group", "chatroom"]
    outsiders: Literal[400, 403]
    """Status where nobody of those to be muted or allowed is a member."""
    forgiving: bool
    """What is done already counts as done, and an owner in a batch fails alone."""


GROUP: Final = Rules("group", outsiders=403, forgiving=False)
ROOM: Final = Rules("chatroom", outsiders=400, forgiving=True)


@frozen
class Page:
    """Some blocked users, and where the next ones begin."""

    usernames: Sequence[str]
    cursor: str | None


class MemberLists:
    """The lists of all groups, or of all rooms."""

    def __init__(
        self, connection: sqlite3.Connection, now_ms: Callable[[], int], rules: Rules, places: Memberships
    ) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._rules = rules
        self._places = places
        places.on_delete.append(self._clear)
        places.on_leave.append(self._left)
        places.before_join.append(self._refuse_blocked)

    def mute(self, place: str, names: Sequence[str], duration: int) -> tuple[Faults, int]:
        """Mute members for a time in milliseconds, and tell the moment at which it ends."""
        faults = self._faults(place, names, self._rules.outsiders, spares_owner=True)
        muted, now = _done(faults), self._now_ms()
        expire = LAST_MS if duration == FOR_GOOD else min(now + duration, LAST_MS)
        if duration:
            self._put(place, "mute", muted, expire)
        else:
            self._take(place, "mute", muted)
        return faults, expire

    def unmute(self, place: str, names: Sequence[str]) -> Faults:
        """End mutes; in groups it fails for those who have none."""
        self._places.owner(place)
        muted = {username for username, _ in self.mutes(place)}
        self._take(place, "mute", names)
        return {name: None if self._rules.forgiving or name in muted else "not muted" for name in names}

    def mutes(self, place: str) -> list[tuple[str, int]]:
        """Return who is muted, and until when."""
        self._places.owner(place)
        rows = self._connection.execute(
            "SELECT username, expire FROM member_lists"
            " WHERE (kind, place, list) = (?, ?, 'mute') AND expire > ? ORDER BY seq",
            (self._rules.kind, place, self._now_ms()),
        )
        return [(str(row["username"]), int(row["expire"])) for row in rows]

    def why_silent(self, place: str, username: str, *, mute_all: bool) -> str | None:
        """Tell why a user may not send; None where nothing is in the way.

        The mute list goes before the allow list; owner and admins are on the latter by nature.
        """
        if self._among(place, "block", [username]):
            return f"user {username} is on the blocklist of {self._rules.kind} {place}"
        if self._is_muted(place, username):
            return f"user {username} is muted in {self._rules.kind} {place}"
        if mute_all and self._places.is_member(place, username):
            free = {self._places.owner(place), *self._places.admins(place), *self._among(place, "allow", [username])}
            return None if username in free else f"all members of {self._rules.kind} {place} are muted"
        return None

    def mute_all(self, place: str, *, mute: bool) -> None:
        """Let nobody but owner, admins and the allow list send any longer, or everybody again."""
        self._places.owner(place)
        self._places.update(place, {"mute": mute})

    def block(self, place: str, names: Sequence[str]) -> Faults:
        """Put members out and onto the block list."""
        already = self._among(place, "block", names) if self._rules.forgiving else set[str]()
        faults = self._faults(place, names, 403, spares_owner=True, already=already)
        fresh = [name for name in _done(faults) if name not in already]
        for name in fresh:
            self._places.remove_member(place, name)
        self._put(place, "block", fresh)
        return faults

    def unblock(self, place: str, names: Sequence[str]) -> Faults:
        """Take users off the block list, which does not bring them back."""
        self._places.owner(place)
        blocked = self._among(place, "block", names)
        if not blocked:
            raise self._not_members(names, 403)
        self._take(place, "block", names)
        return {name: None if name in blocked else f"user: {name} is not on the blocklist" for name in names}

    def pardon(self, place: str, names: Sequence[str]) -> None:
        """Take those users off the block list who are on it."""
        self._take(place, "block", names)

    def blocked(self, place: str, limit: int = -1, cursor: str | None = None) -> Page:
        """Return blocked users, those blocked last first."""
        self._places.owner(place)
        before = place_of("block", cursor) if cursor else _NO_CURSOR
        rows = self._connection.execute(
            "SELECT seq, username FROM member_lists WHERE (kind, place, list) = (?, ?, 'block') AND seq < ?"
            " ORDER BY seq DESC LIMIT ?",
            (self._rules.kind, place, before, limit + 1 if limit >= 0 else -1),
        ).fetchall()
        shown = rows[:limit] if limit >= 0 else rows
        cursor = cursor_of("block", shown[-1]["seq"]) if len(rows) > len(shown) else None
        return Page([str(row["username"]) for row in shown], cursor)

    def allow(self, place: str, names: Sequence[str]) -> Faults:
        """Put members onto the allow list; those who are there already count as put there."""
        faults = self._faults(place, names, self._rules.outsiders)
        self._put(place, "allow", _done(faults))
        return faults

    def disallow(self, place: str, names: Sequence[str]) -> Faults:
        """Take members off the allow list; in groups it fails for those who are not there."""
        faults = self._faults(place, names, self._rules.outsiders)
        allowed = self._among(place, "allow", names)
        self._take(place, "allow", names)
        if not self._rules.forgiving:
            faults |= {name: f"user: {name} is not on the allowlist" for name in _done(faults) if name not in allowed}
        return faults

    def allowed(self, place: str) -> list[str]:
        """Return who was put onto the allow list; owner and admins may send without that."""
        self._places.owner(place)
        rows = self._connection.execute(
            "SELECT username FROM member_lists WHERE (kind, place, list) = (?, ?, 'allow') ORDER BY seq",
            (self._rules.kind, place),
        )
        return [str(row["username"]) for row in rows]

    def forget(self, gone: Sequence[sqlite3.Row]) -> None:
        """Take deleted users off every list."""
        self._connection.executemany(
            "DELETE FROM member_lists WHERE username = ? AND kind = ?",
            [(user["username"], self._rules.kind) for user in gone],
        )

    def _clear(self, place: str) -> None:
        self._connection.execute("DELETE FROM member_lists WHERE (kind, place) = (?, ?)", (self._rules.kind, place))

    def _left(self, place: str, username: str) -> None:
        # A mute goes on meanwhile, so that nobody gets rid of it by leaving and joining.
        self._take(place, "allow", [username])

    def _refuse_blocked(self, place: str, username: str) -> None:
        if self._among(place, "block", [username]):
            raise forbidden(f"user {username} is on the blocklist of {self._rules.kind} {place}")

    def _faults(
        self,
        place: str,
        names: Sequence[str],
        status: int,
        *,
        spares_owner: bool = False,
        already: Collection[str] = (),
    ) -> Faults:
        """Tell of each user why nothing can be done; refused with the status where that is so for all."""
        owner, faults = self._places.owner(place), Faults()
        for name in names:
            if spares_owner and name == owner:
                faults[name] = _OWNER
            elif name in already or self._places.is_member(place, name):
                faults[name] = None
            else:
                faults[name] = f"user: {name} doesn't exist in {self._rules.kind}: {place}"
        if _OWNER in faults.values() and (len(faults) == 1 or not self._rules.forgiving):
            raise forbidden(_OWNER)
        if all(faults.values()):
            raise self._not_members(names, status)
        return faults

    def _not_members(self, names: Sequence[str], status: int) -> Refusal:
        return Refusal(status, "forbidden_op", f"users [{', '.join(names)}] are not members of this group!")

    def _is_muted(self, place: str, username: str) -> bool:
        row = self._connection.execute(
            "SELECT 1 FROM member_lists WHERE (kind, place, list, username) = (?, ?, 'mute', ?) AND expire > ?",
            (self._rules.kind, place, username, self._now_ms()),
        )
        return row.fetchone() is not None

    def _among(self, place: str, which: ListName, names: Sequence[str]) -> set[str]:
        rows = self._connection.execute(
            "SELECT username FROM member_lists WHERE (kind, place, list) = (?, ?, ?)"
            " AND username IN (SELECT value FROM json_each(?))",
            (self._rules.kind, place, which, json_text(list(names))),
        )
        return {str(row["username"]) for row in rows}

    def _put(self, place: str, which: ListName, names: Sequence[str], expire: int | None = None) -> None:
        self._connection.executemany(
            "INSERT INTO member_lists (kind, place, list, username, expire) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET expire = excluded.expire",
            [(self._rules.kind, place, which, name, expire) for name in names],
        )

    def _take(self, place: str, which: ListName, names: Sequence[str]) -> None:
        self._connection.executemany(
            "DELETE FROM member_lists WHERE (kind, place, list, username) = (?, ?, ?, ?)",
            [(self._rules.kind, place, which, name) for name in names],
        )


def _done(faults: Faults) -> list[str]:
    return [name for name, fault in faults.items() if fault is None]
