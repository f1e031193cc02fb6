"""Which of an app's hosts a request goes to: decisions only, nothing here waits or sends.

Hosts are in the order of preference, and the first one gets every request while it works. One to which no connection
can be made, or that loses several answers in a row, is left out for a while. The while grows from one failure to the
next up to a limit, and is drawn at random below that, so that many processes do not come back together. When it is
over, one request probes the host ("half open") while all others still go past it: a connection and an answer bring it
back, a failure leaves it out for longer.

Where all are out, the one that is due next is tried all the same: to be left out is a matter of preference, not a
verdict. Only a host whose TLS failed is not tried again before its time, for what is wrong with a certificate does not
pass in seconds, and who stands in for a host must not get a second chance.

Requests take time, so an outcome can come after its host was left out or taken back, and would then count twice. Each
turn remembers in which spell of its host it began, and what comes from an earlier spell is not counted.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable
from typing import Final

from attrs import define, frozen

FIRST_BREAK: Final = 2.0
"""Seconds for which a host is left out at most, after its first failure; they double from one to the next."""
FIRST_TLS_BREAK: Final = 30.0
"""The same after a failure of TLS."""
LONGEST_BREAK: Final = 60.0
LOST_IN_A_ROW: Final = 3
"""Answers that a host may lose, without one between them, before it is left out."""


@define(eq=False)
class Host:
    """A host, and how it has been doing."""

    name: str
    spell: int = 0
    """Grows when the host is left out or comes back."""
    breaks: int = 0
    """Times that it was left out in a row."""
    lost: int = 0
    """Answers that it has lost in a row."""
    back_at: float | None = None
    """When it may be probed; None for a host that is in use."""
    tls_failed: bool = False
    probed: bool = False
    """Whether a request is finding out if it works again."""


@frozen(eq=False)
class Turn:
    """A request's turn on a host; tell it how that went."""

    hosts: Hosts
    host: Host
    spell: int

    def worked(self) -> bool:
        """Note that an answer came; True where that brought the host back."""
        host = self.host
        if self.spell != host.spell:
            return False
        host.lost = 0
        return self.hosts.take_back(host)

    def failed(self, *, tls: bool) -> float | None:
        """Note that no connection was made; returns the seconds for which the host is now left out."""
        return self.hosts.leave_out(self.host, tls=tls) if self.spell == self.host.spell else None

    def lost(self) -> float | None:
        """Note that an answer was lost; returns the seconds for which the host is now left out."""
        host = self.host
        if self.spell != host.spell:
            return None
        host.lost += 1
        if host.back_at is None and host.lost < LOST_IN_A_ROW:
            return None
        return self.hosts.leave_out(host, tls=False)

    def abandoned(self) -> None:
        """Note that nobody waits for the outcome any more, so that the next one may probe."""
        if self.spell == self.host.spell:
            self.host.probed = False


class Hosts:
    """The hosts of one app."""

    def __init__(
        self,
        names: Iterable[str],
        *,
        now: Callable[[], float] = time.monotonic,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.all: tuple[Host, ...] = tuple(Host(name) for name in names)
        self._now = now
        self._draw = draw

    def turn(self, tried: Collection[Host] = (), after: str | None = None) -> Turn | None:
        """Return a turn on the best host that this attempt has not tried; None where none is left to try.

        Args:
            tried: The hosts that the attempt has tried.
            after: Name of the host that lost the answer of the attempt before, and so comes behind others.
        """
        left = [host for host in self.all if host not in tried]
        now = self._now()
        ready = [host for host in left if host.back_at is None or (host.back_at <= now and not host.probed)]
        if ready:
            host = next((host for host in ready if host.name != after), ready[0])
        else:
            if not all(host.tls_failed for host in self.all):
                left = [host for host in left if not host.tls_failed]
            if not left:
                return None
            host = min(left, key=lambda host: host.back_at or 0.0)
        host.probed = host.back_at is not None
        return Turn(self, host, host.spell)

    def leave_out(self, host: Host, *, tls: bool) -> float:
        """Leave a host out for a while, and return for how long, in seconds."""
        first = FIRST_TLS_BREAK if tls else FIRST_BREAK
        longest = min(LONGEST_BREAK, first * 2.0**host.breaks)
        pause = self._draw(longest / 2, longest)
        host.spell += 1
        host.breaks += 1
        host.lost = 0
        host.back_at = self._now() + pause
        host.tls_failed = tls
        host.probed = False
        return pause

    def take_back(self, host: Host) -> bool:
        """Use a host again; True where it was left out."""
        if host.back_at is None:
            return False
        host.spell += 1
        host.breaks = 0
        host.back_at = None
        host.tls_failed = host.probed = False
        return True
