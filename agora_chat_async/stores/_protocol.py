"""What a process and a quota store tell each other.

A conversation is one message and its reply, about all buckets of which the process has news. All times are whole
microseconds of the store's own clock; nobody else's clock is ever compared with another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

from attrs import field, frozen

MICROSECONDS: Final = 1_000_000

VALIDITY: Final = 1_000_000
"""Microseconds from its last message for which a process may use slots that it holds."""
ALIVE: Final = 3_000_000
"""Microseconds from its last message for which a process is counted as one of the fleet."""
RIVALRY: Final = 1_000_000
"""Microseconds from asking for slots of a bucket for which a process is counted as one that needs them."""
REGATHER: Final = 1_500_000
"""Microseconds that a store whose history is incomplete waits for the fleet to tell it, before it grants slots."""

Cut = tuple[int, int, int]
"""A slowdown of `agora_chat_async._slowdown`: when it began, what it fell to and the level, both in millionths of the
rate; zeros for none."""


@frozen
class BucketNews:
    """What a process tells of one bucket, and wants of it."""

    name: str
    calls: int
    """Slots of the bucket at present."""
    period: int
    """Time for which a slot is used up once it was sent with."""
    sent: Sequence[tuple[int, int, int]] = ()
    """Slots that were sent with: id of the grant, moment, how many."""
    back: Sequence[tuple[int, int]] = ()
    """Slots with which nothing will be sent: id of the grant, how many."""
    extra: Sequence[tuple[int, int]] = ()
    """Sends that the store does not know, or no longer: moment, how many."""
    want: Sequence[int] = ()
    """Costs of the calls that need slots, the first in line first."""
    cut: Cut = (0, 0, 0)
    """The newest refusal by the service that slows the bucket, as this process knows it."""
    spacing: int = 0
    """Time from one slot to the next, where the bucket is slowed and all processes take turns."""


@frozen
class News:
    """What a process says."""

    worker: str
    """Who is speaking: a new name after each failure of the store."""
    was: str
    """The name before that, which holds nothing any more; empty for none."""
    history: str
    """Which history of the store the process knows; empty where it knows none."""
    nonce: str
    """A name for the history that begins with this message, if one does."""
    heard: int
    """Moment of the last reply that reached the process; 0 for none."""
    away: int
    """Moment since which the process has had to do without the store; 0 where it has not."""
    leaves: bool
    buckets: Sequence[BucketNews]


@frozen
class Grant:
    """Slots that may be sent with from a moment on."""

    id: int
    begin: int
    slots: int


@frozen
class BucketReply:
    """What the store answers about one bucket."""

    grants: Sequence[Grant]
    """One for each of the first calls that were asked for."""
    again: int
    """When to ask again for the others, since every slot is held by somebody; 0 where nothing is left to ask for."""
    free: int
    next_free: int
    """When the next slot is free; 0 where it is not known."""
    cut: Cut
    """The newest refusal, of whichever process, and the lowest levels that any has told of it."""
    rivals: int
    """Processes that asked for slots of late, this one included."""
    used: int
    """Slots that this process got of late, in thousandths of what each of them got on average."""


@frozen
class Reply:
    """What the store answers."""

    now: int
    history: str
    opens: int
    """When slots can be used again, after a time in which processes did without the store."""
    workers: int
    """Processes of the fleet."""
    rank: int
    """How many of them come before this one."""
    buckets: Sequence[BucketReply] = field(factory=tuple)
    """As in the message; none where the process knows another history: then nothing of its message was noted."""


@runtime_checkable
class QuotaStore(Protocol):
    """Where several processes keep a quota together."""

    timeout: float
    """Seconds after which a store that has not answered is done without."""

    async def open(self, app: str) -> None:
        """Get ready for an app's quotas, without failing because the store cannot be reached at present."""
        ...

    async def converse(self, news: News) -> Reply:
        """Take one message and answer it; any exception means that the store cannot be used at present."""
        ...

    async def aclose(self) -> None:
        """Close what was opened."""
        ...
