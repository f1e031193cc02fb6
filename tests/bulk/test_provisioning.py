from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agora_chat_async.bulk import InputError, Progress, Report, Row, RowResult, RowStatus, provision_users
from agora_chat_async.errors import (
    AgoraChatError,
    ConnectFailed,
    IllegalArgument,
    InvalidArgument,
    OutcomeUnknown,
    PlanLimitExceeded,
    ServiceUnavailable,
    Unauthorized,
)
from agora_chat_async.models.users import NewUser
from tests.bulk.fakes import FakeSession, FakeUsers, taken_error


def users(count: int, start: int = 0) -> list[NewUser]:
    return [NewUser(f"u{number}", password="hunter2") for number in range(start, start + count)]


async def provision(fake: FakeUsers, source: object, **options: object) -> tuple[Report, dict[int, RowResult]]:
    """Provision and return the results by line, each line once."""
    results: list[RowResult] = []
    report = await provision_users(FakeSession(fake), source, on_result=results.append, **options)
    by_line = {result.line: result for result in results}
    assert len(by_line) == len(results)
    assert report.rows == len(results)
    assert Counter(result.status for result in results) == Counter(dict(report.counts))
    return report, by_line


async def test_everyone_is_registered_in_batches_of_sixty() -> None:
    """130 users are three calls, and the report is ok."""
    fake = FakeUsers()
    report, results = await provision(fake, users(130))
    assert sorted(map(len, fake.batches)) == [10, 60, 60]
    assert report.ok
    assert report.calls == 3
    assert report.count(RowStatus.CREATED) == 130
    assert fake.existing == {f"u{number}" for number in range(130)}
    assert results[1].username == "u0"


async def test_any_source_will_do() -> None:
    """Generators, async generators and rows of a file are all read."""

    def plain() -> Iterator[NewUser]:
        yield from users(3)

    async def asynchronous() -> AsyncIterator[NewUser]:
        for user in users(3, 10):
            yield user

    async def rows() -> AsyncIterator[Row]:
        for line, user in enumerate(users(3, 20), 2):
            yield Row.of(line, user)

    fake = FakeUsers()
    for source in (plain(), asynchronous(), rows()):
        report, _ = await provision(fake, source)
        assert report.ok
    assert len(fake.existing) == 9


async def test_taken_names_are_told_apart_from_failures() -> None:
    """A taken name has the status exists, another reason of the service is a failure with its words."""
    fake = FakeUsers(existing={"u1"}, reasons={"u2": "the moon is full"})
    report, results = await provision(fake, users(4))
    assert [results[line].status for line in (1, 2, 3, 4)] == ["created", "exists", "failed", "created"]
    assert results[3].message == "the moon is full"
    assert not report.ok


@pytest.mark.parametrize(("on_existing", "ok"), [("skip", True), ("fail", False)])
async def test_existing_users_are_fine_unless_asked_otherwise(on_existing: str, ok: bool) -> None:
    """`on_existing` decides whether a taken name spoils the run."""
    report, results = await provision(FakeUsers(existing={"u1"}), users(4), on_existing=on_existing)
    assert report.ok is ok
    assert results[2].status == "exists"


@pytest.mark.parametrize("unnamed", [False, True])
async def test_a_refused_batch_loses_only_the_taken_names(unnamed: bool) -> None:
    """Where one taken name makes the service refuse sixty, the others are registered all the same."""
    fake = FakeUsers(existing={"u7", "u44"}, refuse=True, unnamed=unnamed)
    report, results = await provision(fake, users(60))
    assert {result.username for result in results.values() if result.status == "exists"} == {"u7", "u44"}
    assert report.count(RowStatus.CREATED) == 58
    assert len(fake.batches) == 3 or unnamed


@pytest.mark.parametrize(
    "description",
    [
        "Application 42 Entity user requires that property named username be unique, value of anna exists",
        "requires that property named username be unique, value of anna",
        "the anna already exists",
        "The name is taken: 'anna'.",
    ],
)
async def test_the_taken_name_is_found_in_the_words_of_the_refusal(description: str) -> None:
    """Words of the text that are names of the batch too do not mislead."""
    names = ["user", "username", "exists", "unique", "anna", "the"]
    fake = FakeUsers(existing={"anna"}, refuse=True)

    def refuse(batch: list[NewUser]) -> None:
        if any(user.username == "anna" for user in batch):
            error = taken_error("anna")
            error.description = description
            raise error

    fake.before = refuse
    _, results = await provision(fake, [NewUser(name) for name in names])
    assert {result.username for result in results.values() if result.status == "exists"} == {"anna"}
    assert len(fake.batches) == 2


async def test_one_bad_row_does_not_stop_the_others() -> None:
    """A batch refused without a name is halved until the row is found, in at most 2 x log2 60 calls more."""
    fake = FakeUsers(illegal={"u33"})
    report, results = await provision(fake, users(60))
    assert report.count(RowStatus.CREATED) == 59
    assert results[34].status == "failed"
    assert results[34].error == "illegal_argument"
    assert results[34].message == "username is not legal"
    assert len(fake.batches) <= 13


async def test_a_lost_answer_is_asked_for_again() -> None:
    """Users whom the lost call registered count as created, and the result says why."""
    fake = FakeUsers()
    lost = iter([True])

    def lose(batch: object) -> None:
        if next(lost, False):
            raise OutcomeUnknown("the connection broke")

    fake.after = lose
    report, results = await provision(fake, users(5))
    assert report.ok
    assert {result.status for result in results.values()} == {"created"}
    assert "answer was lost" in (results[1].message or "")
    assert results[1].calls == 2


async def test_an_answer_lost_twice_leaves_the_rows_unknown() -> None:
    """Nobody can say whether they exist, and neither does the report."""

    def lose(batch: object) -> None:
        raise OutcomeUnknown("the connection broke")

    report, results = await provision(FakeUsers(after=lose), users(5))
    assert {result.status for result in results.values()} == {"unknown"}
    assert not report.ok


async def test_a_failing_service_fails_the_rows_and_not_the_run() -> None:
    """Batches after one that failed are sent."""
    failures = iter([True])

    def fail(batch: object) -> None:
        if next(failures, False):
            raise ServiceUnavailable(status=503, description="try later")

    report, results = await provision(FakeUsers(before=fail), users(120), workers=1)
    assert report.count(RowStatus.FAILED) == 60
    assert report.count(RowStatus.CREATED) == 60
    assert results[1].error == "ServiceUnavailable"
    assert report.aborted is None


@pytest.mark.parametrize(
    "error",
    [
        PlanLimitExceeded(status=429, error="resource_limited", description="no more users"),
        Unauthorized(status=401, error="unauthorized"),
        ConnectFailed("nobody listens there"),
    ],
)
async def test_hopeless_errors_end_the_run(error: AgoraChatError) -> None:
    """Where no call can pass, the rest is not tried, and every row that was read is accounted for."""

    def refuse(batch: object) -> None:
        raise error

    fake = FakeUsers(before=refuse)
    report, results = await provision(fake, users(6000), workers=2)
    assert report.aborted is error
    assert not report.ok
    assert len(fake.batches) <= 2
    assert {result.status for result in results.values()} == {"not_done"}
    assert 60 <= len(results) < 6000


async def test_the_same_name_twice_in_a_batch_is_sent_once() -> None:
    """The later row is invalid and says where the first one is."""
    fake = FakeUsers()
    _, results = await provision(fake, [NewUser("anna"), NewUser("bert"), NewUser("anna", password="x")])
    assert results[3].status == "invalid"
    assert results[3].message == "the same name as line 1"
    assert fake.batches == [["anna", "bert"]]


async def test_things_that_are_no_users_are_invalid_rows() -> None:
    """They are told with their place, and the run goes on."""
    fake = FakeUsers()
    _, results = await provision(fake, [NewUser("anna"), "bert", NewUser("carl")])
    assert [results[line].status for line in (1, 2, 3)] == ["created", "invalid", "created"]
    assert "row 2" in (results[2].message or "")


async def test_stopping_lets_calls_in_flight_finish() -> None:
    """Rows that were sent get their real result, the rest counts as not done, and reading ends."""
    fake = FakeUsers(gate=anyio.Event())
    stop = anyio.Event()
    results: list[RowResult] = []

    async def endless() -> AsyncIterator[NewUser]:
        number = 0
        while True:
            yield NewUser(f"u{number}")
            number += 1

    async def stop_soon() -> None:
        while fake.running < 4:
            await anyio.lowlevel.checkpoint()
        stop.set()
        await anyio.wait_all_tasks_blocked()
        assert fake.gate is not None
        fake.gate.set()

    async with anyio.create_task_group() as group:
        group.start_soon(stop_soon)
        report = await provision_users(FakeSession(fake), endless(), workers=4, on_result=results.append, stop=stop)
    assert report.interrupted
    assert not report.ok
    assert report.count(RowStatus.CREATED) == 240 == len(fake.existing)
    assert report.rows == len(results) == report.count(RowStatus.CREATED) + report.count(RowStatus.NOT_DONE)


async def test_cancelling_reports_what_was_in_flight_as_unknown() -> None:
    """Every row that was read has a result, no call goes on, and the source is closed."""
    fake = FakeUsers(gate=anyio.Event())
    results: list[RowResult] = []
    progress: list[Progress] = []
    read, closed = 0, False

    async def source() -> AsyncIterator[NewUser]:
        nonlocal read, closed
        try:
            while True:
                read += 1
                yield NewUser(f"u{read}")
        finally:
            closed = True

    async with anyio.create_task_group() as group:

        async def run() -> None:
            await provision_users(
                FakeSession(fake), source(), workers=3, on_result=results.append, on_progress=progress.append
            )

        group.start_soon(run)
        while fake.running < 3:
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    statuses = Counter(result.status for result in results)
    assert statuses[RowStatus.UNKNOWN] == 180
    assert set(statuses) == {RowStatus.UNKNOWN, RowStatus.NOT_DONE}
    assert len({result.line for result in results}) == len(results) == read
    assert fake.running == 0
    assert closed
    assert progress[-1].done == read


async def test_memory_is_bounded_by_the_workers() -> None:
    """With all workers busy no more than two batches a worker are read ahead."""
    fake = FakeUsers(gate=anyio.Event())
    read = 0

    def source() -> Iterator[NewUser]:
        nonlocal read
        for read in range(1, 100_001):
            yield NewUser(f"u{read}")

    async with anyio.create_task_group() as group:
        group.start_soon(provision_users, FakeSession(fake), source())
        while fake.running < 100:
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        assert read <= (100 + 2 * 100) * 60
        group.cancel_scope.cancel()


async def test_input_that_breaks_off_is_sent_as_far_as_it_goes() -> None:
    """The error of the source comes after the rows before it were registered."""

    async def source() -> AsyncIterator[NewUser]:
        for user in users(70):
            yield user
        raise InputError("the rest is gone")

    fake = FakeUsers()
    with pytest.raises(InputError, match="the rest is gone"):
        await provision(fake, source())
    assert len(fake.existing) == 70


async def test_a_callback_that_fails_ends_the_run_with_its_error() -> None:
    """A full disk behind `on_result` is not swallowed."""

    def full(result: RowResult) -> None:
        raise OSError(28, "No space left on device")

    fake = FakeUsers()
    with pytest.raises(OSError, match="No space left"):
        await provision_users(FakeSession(fake), users(60_000), on_result=full, workers=2)
    assert len(fake.existing) < 6000


async def test_progress_ends_with_the_whole() -> None:
    """The last progress holds the final counts, the total comes from the source's length."""
    seen: list[Progress] = []
    await provision_users(FakeSession(FakeUsers(existing={"u3"})), users(200), on_progress=seen.append)
    last = seen[-1]
    assert (last.done, last.created, last.exists, last.failed, last.total) == (200, 199, 1, 0, 200)
    assert last.eta == 0
    assert 0 <= last.quota_used <= 1


async def test_the_time_to_go_is_never_less_than_the_quota_needs() -> None:
    """60,000 rows take ten seconds at 6,000 a second however fast the first ones went."""
    seen: list[Progress] = []
    await provision_users(FakeSession(), users(600), on_progress=seen.append, total=60_600)
    assert seen[-1].eta is not None
    assert seen[-1].eta >= 10


@pytest.mark.parametrize("option", [{"batch_size": 61}, {"batch_size": 0}, {"workers": 0}, {"on_existing": "update"}])
async def test_options_out_of_range_are_refused(option: dict[str, object]) -> None:
    """Before anything is read or sent."""
    with pytest.raises(InvalidArgument):
        await provision_users(FakeSession(), users(1), **option)


class Misfortune(AgoraChatError):
    """An error nobody has heard of."""


@settings(max_examples=60, deadline=None)
@given(data=st.data())
async def test_every_row_has_exactly_one_result_whatever_happens(data: st.DataObject) -> None:  # noqa: C901
    """Under taken names in both forms, illegal rows, lost answers and failing calls, nothing is lost or doubled."""
    count = data.draw(st.integers(0, 200))
    numbers = st.sets(st.integers(0, max(count - 1, 0)), max_size=12)

    def names() -> set[str]:
        return {f"u{number}" for number in data.draw(numbers)}

    existed = names()
    fake = FakeUsers(
        existing=set(existed),
        refuse=data.draw(st.booleans()),
        unnamed=data.draw(st.booleans()),
        illegal=names(),
        reasons=dict.fromkeys(names(), "no reason"),
    )
    faults = data.draw(st.lists(st.sampled_from(["", "", "lost", "down", "odd", "bad"]), max_size=12))

    def before(batch: object) -> None:
        match faults.pop() if faults else "":
            case "down":
                raise ServiceUnavailable(status=503)
            case "odd":
                raise Misfortune
            case "bad":
                raise IllegalArgument(status=400)
            case "lost":
                faults.append("lose it")
            case _:
                pass

    def after(batch: object) -> None:
        if faults and faults[-1] == "lose it":
            faults.pop()
            raise OutcomeUnknown("lost")

    fake.before, fake.after = before, after
    source = users(count)
    if count and data.draw(st.booleans()):
        source.insert(data.draw(st.integers(0, count - 1)), source[-1])
    _, results = await provision(
        fake, source, workers=data.draw(st.integers(1, 5)), batch_size=data.draw(st.integers(1, 60))
    )
    assert sorted(results) == list(range(1, len(source) + 1))
    for result in results.values():
        if result.status is RowStatus.CREATED:
            assert result.username in fake.existing
        if result.status is RowStatus.EXISTS:
            assert result.username in fake.existing
        if result.status is RowStatus.FAILED and result.error == "not_registered":
            assert result.username not in fake.existing
