import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_chat_async.quota import PLANS, Quota, Rate, per_day, per_minute, per_second


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("150/second", Rate(150, 1.0)),
        ("20/minute", Rate(20, 60.0)),
        ("3/day", Rate(3, 86_400.0)),
        ("5/1800 s", Rate(5, 1800.0)),
        ("5/0.5s", Rate(5, 0.5)),
        (" 10 / second ", Rate(10, 1.0)),
    ],
)
def test_parse(text: str, rate: Rate) -> None:
    """A rate is read as people write it."""
    assert Rate.parse(text) == rate


@pytest.mark.parametrize("text", ["", "100", "0/second", "-1/second", "1.5/second", "10/hour", "10/0 s", "second/10"])
def test_parse_refuses(text: str) -> None:
    """What is no rate is refused, not guessed at."""
    with pytest.raises(ValueError, match="rate"):
        Rate.parse(text)


@given(st.integers(1, 10**9), st.sampled_from([1.0, 60.0, 86_400.0, 0.5, 2.0, 1800.0]))
def test_written_rates_read_back(calls: int, period: float) -> None:
    """What `str` writes `parse` reads."""
    rate = Rate(calls, period)
    assert Rate.parse(str(rate)) == rate


@pytest.mark.parametrize(("calls", "period"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, -1.0)])
def test_rates_allow_something(calls: int, period: float) -> None:
    """A rate that allows nothing could only wait for ever."""
    with pytest.raises(ValueError, match="at least one call"):
        Rate(calls, period)


def test_rates_are_values() -> None:
    """Equal rates are equal, hashable and written the documented way."""
    assert {per_second(100), Rate(100, 1.0)} == {per_second(100)}
    assert str(per_minute(6000, counts="to")) == "6000/minute of to"
    assert [per_second(1).per, per_minute(1).per, per_day(1).per, Rate(1, 2.0).per] == [
        "second",
        "minute",
        "day",
        "2 s",
    ]
    assert Quota("push", (per_minute(5),), concurrent=3) == Quota("push", (per_minute(5),), concurrent=3)


def test_only_the_free_plan_has_a_total() -> None:
    """The free plan allows ten calls a second in all."""
    assert {name: plan.total for name, plan in PLANS.items()} == {
        "free": per_second(10),
        "starter": None,
        "pro": None,
        "enterprise": None,
    }
