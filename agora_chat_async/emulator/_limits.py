"""How much an app may have: what its price plan says, unless it was given more or less.

A test that wants to see what happens at a limit sets it low.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve, fields, frozen


@frozen(kw_only=True)
class Limits:
    """The most that there may be of each."""

    users: int
    """Registered ones, in place of the active ones of a month, which the emulator does not know."""
    contacts_per_user: int
    history_days: int
    """How long messages are kept."""
    groups: int
    group_members: int
    groups_per_user: int
    rooms: int
    room_members: int
    rooms_per_user: int
    admins: int = 99
    """In a group or a room, beside the owner."""
    threads: int = 100_000
    threads_per_user: int = 100_000
    reactions_per_message: int = 20
    recall_seconds: int = 120
    """How long a message can be recalled; an app can have up to 7 days."""
    file_mb: int = 10
    """Size of a file to be uploaded; an app can have up to 200."""
    attribute_bytes: int = 10 * 1024**3
    """What the attributes of all users take."""
    push_labels: int = 100
    users_per_push_label: int = 20_000


PLAN_LIMITS: Final[Mapping[str, Limits]] = {
    "free": Limits(
        users=500,
        contacts_per_user=100,
        history_days=7,
        groups=100,
        group_members=100,
        groups_per_user=100,
        rooms=100,
        room_members=100,
        rooms_per_user=100,
    ),
    "starter": Limits(
        users=50_000,
        contacts_per_user=250,
        history_days=90,
        groups=10_000,
        group_members=250,
        groups_per_user=1_000,
        rooms=10_000,
        room_members=2_000,
        rooms_per_user=1_000,
    ),
    "pro": Limits(
        users=100_000,
        contacts_per_user=1_000,
        history_days=180,
        groups=50_000,
        group_members=1_000,
        groups_per_user=2_000,
        rooms=50_000,
        room_members=10_000,
        rooms_per_user=2_000,
    ),
    "enterprise": Limits(
        users=1_000_000_000,
        contacts_per_user=10_000,
        history_days=180,
        groups=100_000,
        group_members=5_000,
        groups_per_user=10_000,
        rooms=100_000,
        room_members=20_000,
        rooms_per_user=10_000,
    ),
}
LIMITED: Final = tuple(field.name for field in fields(Limits))


def limits_of(plan: str, changes: Mapping[str, int]) -> Limits:
    """Return the limits of a plan with some changes; a `ValueError` names what has none."""
    for name, most in changes.items():
        if name not in LIMITED:
            raise ValueError(f"limits names {name!r}, which is none of {', '.join(LIMITED)}")
        if most < 0:
            raise ValueError(f"limits[{name!r}] is 0 or more, got {most}")
    return evolve(PLAN_LIMITS[plan], **changes)
