"""Which outcome may be tried again, and when: decisions only, nothing here waits or sends.

An outcome is of one of four kinds. *Unsent*: no connection was made, so a repeat is always safe. *Throttled*: the
service refused the call without doing it, so a repeat is always safe too, after a longer pause, or as soon as its
quota lets it go where that was slowed by the refusal. *Fault*: the answer
was lost or is a gateway's, and the call may have been carried out; only endpoints that are declared `retry_safe` are
repeated. *Final*: everything else.

Pauses are drawn evenly from zero to a ceiling that doubles ("full jitter"), so that callers who failed together do
not come back together. A budget, shared by all calls of a session, ends repeats while most calls fail: when a service
is down, repeats only add to its load.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

from attrs import field, frozen
from attrs.validators import ge, gt, optional

from agora_chat_async.errors import (
    AgoraChatError,
    ConnectFailed,
    RateLimited,
    ResponseTooLarge,
    ServerError,
    ServiceUnavailable,
    TLSFailed,
    TransportError,
    UnsupportedOperation,
)

THROTTLED_ATTEMPTS: Final = 10
"""Times that a call which the service puts off is sent at most, where a policy says nothing else."""
PATIENCE: Final = 60.0
"""Seconds that refusals of a call may go on where a slowed quota spaces its repeats, also if these are more."""


class Outcome(Enum):
    """Kinds of failed attempts."""

    UNSENT = "unsent"
    THROTTLED = "throttled"
    FAULT = "fault"
    FINAL = "final"


@frozen(kw_only=True)
class RetryPolicy:
    """How often and after which pauses a failed call is sent again."""

    attempts: int = field(default=4, validator=ge(1))
    """Times that a call is sent at most, the first one included; 1 for no repeat."""
    throttled_attempts: int | None = field(default=None, validator=optional(ge(1)))
    """The same for calls that the service put off, with 429 or 503; None for 10, and for as many as it takes in a
    minute where a slowed quota spaces the repeats."""
    pause: float = field(default=0.2, validator=gt(0))
    """Ceiling of the first pause in seconds; it doubles from one to the next."""
    throttled_pause: float = field(default=1.0, validator=gt(0))
    """The same after a refusal; none is made where a slowed quota spaces the repeats."""
    longest_pause: float = field(default=20.0, validator=gt(0))
    """What no pause exceeds, also where the service asks for more."""


NO_RETRY: Final = RetryPolicy(attempts=1, throttled_attempts=1)
"""Every call is sent once."""


class RetryBudget:
    """What a session may spend on repeats: a repeat costs, a success gives back.

    The numbers are those of botocore: 500 in all, 5 a repeat, 10 after a timeout, for these hold a call up for long. A
    success gives back what its own last repeat cost, and 1 where it needed none; repeats that failed give nothing back.
    """

    COST: Final = 5
    TIMEOUT_COST: Final = 10

    def __init__(self, capacity: int = 500) -> None:
        self._capacity = capacity
        self.left: int = capacity

    def spend(self, cost: int) -> bool:
        """Take the cost of a repeat, if it is there."""
        if self.left < cost:
            return False
        self.left -= cost
        return True

    def earn(self, spent: int) -> None:
        """Give back what the last repeat of a call that has succeeded cost, or 1."""
        self.left = min(self._capacity, self.left + (spent or 1))


def classify(error: AgoraChatError) -> Outcome:
    """Tell of what kind a failed attempt is."""
    match error:
        case TLSFailed():
            return Outcome.FINAL
        case ConnectFailed():
            return Outcome.UNSENT
        case RateLimited() | ServiceUnavailable():
            return Outcome.THROTTLED
        case UnsupportedOperation() | ResponseTooLarge():
            return Outcome.FINAL
        case TransportError() | ServerError():
            return Outcome.FAULT
        case _:
            return Outcome.FINAL


class Retries:
    """The repeats of one call."""

    __slots__ = ("_attempt", "_budget", "_draw", "_patient_until", "_policy", "_retry_safe", "spent")

    def __init__(
        self,
        policy: RetryPolicy,
        budget: RetryBudget,
        *,
        retry_safe: bool,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._policy = policy
        self._budget = budget
        self._retry_safe = retry_safe
        self._draw = draw
        self._attempt = 0
        self._patient_until = math.inf
        self.spent: int = 0
        """What the last repeat took from the budget."""

    def pause_after(self, error: AgoraChatError, now: float = 0.0, *, spaced: bool = False) -> float | None:
        """Return the seconds to wait before the call is sent again; None where it must not be.

        Args:
            error: What the last attempt ended with.
            now: The moment, of any clock that goes steadily.
            spaced: Whether the call's quota was slowed, so that it has to wait there for its turn.
        """
        self._attempt += 1
        policy = self._policy
        outcome = classify(error)
        throttled = outcome is Outcome.THROTTLED
        if outcome is Outcome.FINAL or (outcome is Outcome.FAULT and not self._retry_safe):
            return None
        if self._is_last(throttled=throttled, spaced=spaced, now=now):
            return None
        cost = _cost(error)
        if not self._budget.spend(cost):
            return None
        self.spent = cost
        asked: float = getattr(error, "retry_after", None) or 0.0
        first = policy.throttled_pause if throttled else policy.pause
        drawn = 0.0 if spaced else self._draw(0.0, min(policy.longest_pause, first * 2.0 ** (self._attempt - 1)))
        return max(drawn, min(asked, policy.longest_pause))

    def _is_last(self, *, throttled: bool, spaced: bool, now: float) -> bool:
        """Tell whether the attempts are used up."""
        policy = self._policy
        if not throttled:
            return self._attempt >= policy.attempts
        if spaced and policy.throttled_attempts is None:
            self._patient_until = min(self._patient_until, now + PATIENCE)
            return self._attempt >= THROTTLED_ATTEMPTS and now >= self._patient_until
        return self._attempt >= (policy.throttled_attempts or THROTTLED_ATTEMPTS)


def _cost(error: AgoraChatError) -> int:
    if isinstance(error, RateLimited):
        return 0  # to come too fast is no trouble of the service
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError):
            return RetryBudget.TIMEOUT_COST
        cause = cause.__cause__
    return RetryBudget.COST


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Read how long an answer asks to wait, in seconds, a date or milliseconds; nonsense is as if it were not there."""
    text = headers.get("retry-after-ms")
    seconds = _number(text) if text else None
    if seconds is not None:
        return seconds / 1000
    text = headers.get("retry-after")
    if not text:
        return None
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        when = parsedate_to_datetime(text)
        return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
