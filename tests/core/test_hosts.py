"""Which host a request goes to, in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_chat_async._http.hosts import FIRST_BREAK, FIRST_TLS_BREAK, LONGEST_BREAK, LOST_IN_A_ROW, Host, Hosts, Turn


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def hosts(clock: Clock, *names: str, share: float = 1.0) -> Hosts:
    """Hosts that are left out for this share of the time that chance could draw."""
    return Hosts(names or ("a", "b", "c"), now=clock, draw=lambda low, high: low + share * (high - low))


def turn(hosts: Hosts, *tried: str, after: str | None = None) -> Turn:
    found = hosts.turn([host for host in hosts.all if host.name in tried], after)
    assert found is not None
    return found


def where(hosts: Hosts, *tried: str, after: str | None = None) -> str:
    """Name the host that a request would go to, which then is given up."""
    found = turn(hosts, *tried, after=after)
    found.abandoned()
    return found.host.name


def test_the_first_host_gets_everything_while_it_works(clock: Clock) -> None:
    """The others are for when it does not."""
    some = hosts(clock)
    for _ in range(5):
        turn(some).worked()
        assert where(some) == "a"
    assert where(some, "a") == "b"
    assert where(some, "a", "b") == "c"
    assert some.turn(some.all) is None


def test_a_host_that_failed_is_left_out_and_then_probed_by_one(clock: Clock) -> None:
    """While one request finds out, the others go on past it; its answer brings the host back."""
    some = hosts(clock)
    assert turn(some).failed(tls=False) == FIRST_BREAK
    assert where(some) == "b"
    clock.now = FIRST_BREAK - 0.01
    assert where(some) == "b"
    clock.now = FIRST_BREAK
    probe = turn(some)
    assert (probe.host.name, where(some), where(some)) == ("a", "b", "b")
    assert probe.worked()
    assert where(some) == "a"


def test_a_probe_that_is_given_up_leaves_the_place_to_the_next(clock: Clock) -> None:
    """A caller that is cancelled must not keep a host out for ever."""
    some = hosts(clock)
    turn(some).failed(tls=False)
    clock.now = FIRST_BREAK
    turn(some).abandoned()
    assert where(some) == "a"


def test_breaks_grow_up_to_a_limit_and_begin_anew(clock: Clock) -> None:
    """Each failed probe doubles the time; an answer ends that."""
    some, breaks = hosts(clock), list[float | None]()
    for _ in range(8):
        breaks.append(turn(some).failed(tls=False))
        clock.now += breaks[-1] or 0
    assert breaks == [2, 4, 8, 16, 32, 60, 60, 60]
    turn(some).worked()
    assert turn(some).failed(tls=False) == FIRST_BREAK


def test_breaks_are_drawn(clock: Clock) -> None:
    """From the upper half, so that many processes do not come back together."""
    some = hosts(clock, share=0.0)
    assert turn(some).failed(tls=False) == FIRST_BREAK / 2


def test_failures_at_one_time_count_once(clock: Clock) -> None:
    """A hundred requests that fail together are one failure, and late answers bring no host back."""
    some = hosts(clock)
    turns = [turn(some) for _ in range(100)]
    assert [one.failed(tls=False) for one in turns[:99]] == [FIRST_BREAK] + 98 * [None]
    assert not turns[99].worked()
    assert where(some) == "b"


def test_where_all_are_out_the_one_that_is_due_next_is_tried(clock: Clock) -> None:
    """And each of them once an attempt."""
    some = hosts(clock)
    turn(some, "a").failed(tls=False)
    clock.now = 0.1
    turn(some).failed(tls=False)
    clock.now = 0.2
    turn(some, "a", "b").failed(tls=False)
    assert [where(some), where(some, "b"), where(some, "b", "a")] == ["b", "a", "c"]
    assert turn(some).worked()
    assert where(some) == "b"


def test_a_host_whose_tls_failed_is_not_tried_before_its_time(clock: Clock) -> None:
    """It is no last resort, unless TLS failed on every host."""
    some = hosts(clock, "a", "b")
    assert turn(some).failed(tls=True) == FIRST_TLS_BREAK
    turn(some).failed(tls=False)
    assert where(some) == "b"
    assert some.turn([some.all[1]]) is None
    clock.now = FIRST_BREAK
    turn(some).failed(tls=True)
    assert [where(some), where(some, "a")] == ["a", "b"]


def test_lost_answers_in_a_row_leave_a_host_out(clock: Clock) -> None:
    """One alone does not, nor several with answers between them."""
    some = hosts(clock)
    for _ in range(LOST_IN_A_ROW - 1):
        assert turn(some).lost() is None
    turn(some).worked()
    for _ in range(LOST_IN_A_ROW - 1):
        assert turn(some).lost() is None
    assert turn(some).lost() == FIRST_BREAK
    clock.now = FIRST_BREAK
    assert turn(some).lost() == 2 * FIRST_BREAK  # a probe has one chance


def test_a_repeat_prefers_another_host_than_the_one_that_lost_the_answer(clock: Clock) -> None:
    """Where there is one."""
    some = hosts(clock, "a", "b")
    assert where(some, after="a") == "b"
    assert where(some, after="b") == "a"
    turn(some, "a").failed(tls=False)
    assert where(some, after="a") == "a"


def end(turn: Turn, outcome: str) -> None:
    if outcome in {"failed", "tls"}:
        turn.failed(tls=outcome == "tls")
    else:
        getattr(turn, outcome)()


OUTCOMES = ["worked", "failed", "tls", "lost", "abandoned"]


@given(st.lists(st.tuples(st.sampled_from(OUTCOMES), st.floats(0, 90), st.booleans()), max_size=60))
def test_there_is_always_a_host_and_never_a_second_probe(steps: list[tuple[str, float, bool]]) -> None:
    """Whatever happens in whatever order, also late."""
    clock = Clock()
    some = hosts(clock)
    under_way = list[Turn]()
    for outcome, pause, late in steps:
        clock.now += pause
        before = {host: host.probed for host in some.all}
        found = some.turn()
        assert found is not None
        healthy = [host for host in some.all if host.back_at is None]
        if healthy and found.host.back_at is not None:
            assert not before[found.host]
        under_way.append(found)
        if late:
            continue
        for one in under_way:
            end(one, outcome)
        under_way.clear()
        assert all(host.back_at is None or host.back_at - clock.now <= LONGEST_BREAK + 1e-6 for host in some.all)


def test_names_are_the_hosts() -> None:
    """In the order that was given."""
    assert [host.name for host in Hosts(["x", "y"]).all] == ["x", "y"]
    assert Host("x").back_at is None
