"""Which outcome is tried again, after which pause, and what ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_chat_async._retry import NO_RETRY, Outcome, Retries, RetryBudget, RetryPolicy, classify, retry_after
from agora_chat_async.errors import (
    AgoraChatError,
    APIError,
    BadGateway,
    ConnectFailed,
    GatewayTimeout,
    NotFound,
    PlanLimitExceeded,
    RateLimited,
    ResponseTooLarge,
    ServerError,
    ServiceUnavailable,
    TLSFailed,
    TransportError,
    Unauthorized,
    UnsupportedOperation,
)

REFUSED = RateLimited(status=429)
LOST = TransportError("lost")
LATE = TransportError("no answer in time")
LATE.__cause__ = TimeoutError()
UNSENT = ConnectFailed("refused")


def longest(_: float, ceiling: float) -> float:
    return ceiling


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UNSENT, Outcome.UNSENT),
        (TLSFailed("expired"), Outcome.FINAL),
        (REFUSED, Outcome.THROTTLED),
        (ServiceUnavailable(status=503), Outcome.THROTTLED),
        (LOST, Outcome.FAULT),
        (BadGateway(status=502), Outcome.FAULT),
        (GatewayTimeout(status=504), Outcome.FAULT),
        (ServerError(status=500), Outcome.FAULT),
        (ServerError(status=408), Outcome.FAULT),
        (ResponseTooLarge("big"), Outcome.FINAL),
        (PlanLimitExceeded(status=429), Outcome.FINAL),
        (UnsupportedOperation(status=500), Outcome.FINAL),
        (Unauthorized(status=401), Outcome.FINAL),
        (NotFound(status=404), Outcome.FINAL),
        (APIError(status=400), Outcome.FINAL),
    ],
)
def test_outcomes(error: AgoraChatError, outcome: Outcome) -> None:
    """Each error is of the kind that its meaning demands."""
    assert classify(error) is outcome


@pytest.mark.parametrize(("error", "again"), [(UNSENT, True), (REFUSED, True), (LOST, False)])
def test_what_may_harm_is_not_repeated(error: AgoraChatError, again: bool) -> None:
    """An endpoint that is not retry-safe is repeated only where nothing was done."""
    retries = Retries(RetryPolicy(), RetryBudget(), retry_safe=False)
    assert (retries.pause_after(error) is not None) is again


@pytest.mark.parametrize(("error", "pauses"), [(LOST, [0.2, 0.4, 0.8]), (REFUSED, [1, 2, 4, 8, 16, 20, 20, 20, 20])])
def test_ceilings_double_up_to_the_longest_pause(error: AgoraChatError, pauses: list[float]) -> None:
    """Four attempts after faults, ten after refusals, whose pauses are longer."""
    retries = Retries(RetryPolicy(), RetryBudget(), retry_safe=True, draw=longest)
    assert [retries.pause_after(error) for _ in pauses] == pauses
    assert retries.pause_after(error) is None


def test_pauses_are_drawn_evenly_from_zero() -> None:
    """Full jitter: half of the pauses are shorter than half of the ceiling."""
    pauses = [Retries(RetryPolicy(), RetryBudget(), retry_safe=True).pause_after(LOST) or 0 for _ in range(4000)]
    assert all(0 <= pause <= 0.2 for pause in pauses)
    assert 0.45 < sum(pause < 0.1 for pause in pauses) / len(pauses) < 0.55


def test_no_retry_means_none() -> None:
    """`NO_RETRY` sends once, whatever happens."""
    assert all(
        Retries(NO_RETRY, RetryBudget(), retry_safe=True).pause_after(e) is None for e in (UNSENT, LOST, REFUSED)
    )


def test_the_service_may_ask_for_a_pause_but_not_for_any() -> None:
    """Retry-After is obeyed up to the longest pause."""
    policy = RetryPolicy(longest_pause=5)
    assert Retries(policy, RetryBudget(), retry_safe=True).pause_after(RateLimited(status=429, retry_after=3)) == 3
    assert Retries(policy, RetryBudget(), retry_safe=True).pause_after(RateLimited(status=429, retry_after=900)) == 5


def test_the_budget_ends_repeats_while_everything_fails() -> None:
    """A hundred lost answers are repeated, or fifty timeouts; then errors surface at once. Refusals cost nothing."""
    for error, repeated in ((LATE, 50), (LOST, 100)):
        budget = RetryBudget(500)
        repeats = sum(
            Retries(RetryPolicy(), budget, retry_safe=True).pause_after(error) is not None for _ in range(200)
        )
        assert repeats == repeated
    assert Retries(RetryPolicy(), budget, retry_safe=True).pause_after(UNSENT) is None
    assert Retries(RetryPolicy(), budget, retry_safe=True).pause_after(REFUSED) is not None
    budget.earn(10)
    assert Retries(RetryPolicy(), budget, retry_safe=True).pause_after(LOST) is not None


def test_a_success_gives_back_what_its_last_repeat_cost() -> None:
    """A repeat that succeeds is free in the end, one that failed before it is not; a clean success earns one."""
    budget = RetryBudget(500)
    retries = Retries(RetryPolicy(), budget, retry_safe=True)
    retries.pause_after(LATE)
    retries.pause_after(LOST)
    assert budget.left == 485
    budget.earn(retries.spent)
    assert budget.left == 490
    budget.earn(0)
    assert budget.left == 491


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40))))
def test_the_budget_stays_in_its_range(steps: list[tuple[bool, int]]) -> None:
    """No sequence of costs and gains overdraws or overfills it."""
    budget = RetryBudget(100)
    for gain, amount in steps:
        if gain:
            budget.earn(amount)
        else:
            budget.spend(amount)
        assert 0 <= budget.left <= 100


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=7), usegmt=True)}, 7.0),
        ({"retry-after": format_datetime(NOW - timedelta(seconds=7), usegmt=True)}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "rand(30),add(30)"}, None),
        ({"retry-after": "3, 4"}, None),
    ],
)
def test_what_retry_after_may_say(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, a date or milliseconds; nonsense is as if it were not there."""
    assert retry_after(headers, NOW) == seconds


@given(st.text())
def test_no_header_breaks_an_answer(text: str) -> None:
    """Whatever stands in Retry-After, reading it raises nothing."""
    value = retry_after({"retry-after": text, "retry-after-ms": text}, NOW)
    assert value is None or value >= 0
