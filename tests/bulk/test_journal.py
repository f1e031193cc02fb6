from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from attrs import define
from hypothesis import given, settings
from hypothesis import strategies as st

from agora_chat_async.bulk import Journal, JournalError, Report, RowStatus, provision_users, read_users
from agora_chat_async.bulk._batches import ROWS_COMPARED, Past, Stretch
from agora_chat_async.errors import ConnectFailed, InvalidArgument, OutcomeUnknown, ServiceUnavailable
from agora_chat_async.models.users import NewUser
from tests.bulk.fakes import FakeSession, FakeUsers

SECRET = "hunter2"


def users(count: int) -> list[NewUser]:
    return [NewUser(f"u{number}", password=SECRET) for number in range(count)]


@define
class Place:
    """A folder with the files of one run."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "run.journal"

    @property
    def result(self) -> Path:
        return self.folder / "result.jsonl"

    def journal(self, **options: Any) -> Journal:
        options = {"resume": True, "result": self.result, **options}
        return Journal(self.path, **options)

    def results(self) -> dict[int, dict[str, Any]]:
        """The lines of the result file, which has each row once."""
        entries = [json.loads(line) for line in self.result.read_text().splitlines()]
        by_line = {entry["line"]: entry for entry in entries}
        assert len(by_line) == len(entries)
        return by_line

    def statuses(self) -> Counter[str]:
        return Counter(entry["status"] for entry in self.results().values())

    def states(self) -> Counter[str]:
        with sqlite3.connect(self.path) as connection:
            found = Counter(state for (state,) in connection.execute("SELECT state FROM batches"))
        connection.close()
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty folder."""
    return Place(tmp_path)


async def run(place: Place, fake: FakeUsers, source: object, *, again: Any = (), **options: Any) -> Report:
    async with place.journal(**dict(again)) as journal:
        return await provision_users(FakeSession(fake), source, journal=journal, **options)


async def run_and_break_off(place: Place, fake: FakeUsers, source: object, when: anyio.Event, *, crash: bool) -> None:
    """Cancel a run at a moment; where it is to be a crash nothing is noted from then on, as after a SIGKILL."""
    async with anyio.create_task_group() as group, place.journal() as journal:

        async def watch() -> None:
            await when.wait()
            if crash:
                journal._commit = lambda steps: None
                journal._close = lambda: [file.close() for file in (journal._lines, journal._store)]
            group.cancel_scope.cancel()

        group.start_soon(watch)
        await provision_users(FakeSession(fake), source, journal=journal, workers=3)
        group.cancel_scope.cancel()


async def test_a_run_is_noted_and_finished(place: Place) -> None:
    """Every row has its line; a second run finds all done and sends nothing; no file holds a password."""
    fake = FakeUsers(existing={"u7"})
    report = await run(place, fake, users(130))
    assert report.ok
    assert place.statuses() == {"created": 129, "exists": 1}
    assert place.states() == {"done": 3}
    sent = len(fake.batches)
    async with place.journal() as journal:
        assert journal.finished is not None
        report = await provision_users(FakeSession(fake), users(130), journal=journal)
    assert len(fake.batches) == sent
    assert report.ok
    assert (report.rows, report.rows_before, report.calls) == (130, 130, 0)
    for path in place.folder.iterdir():
        assert SECRET.encode() not in path.read_bytes()


async def test_what_was_sent_without_an_answer_is_sent_again(place: Place) -> None:
    """Users whom the lost calls registered are created, as the result of the next run says, and none is missing."""
    fake, moment = FakeUsers(existing={"u3"}), anyio.Event()
    fake.after = lambda batch: moment.set() if len(fake.existing) > 200 else None
    await run_and_break_off(place, fake, users(600), moment, crash=True)
    assert len(fake.existing) > 200
    assert place.states()["sent"] > 0
    report = await run(place, fake, users(600))
    assert report.ok
    assert fake.existing == {f"u{number}" for number in range(600)}
    assert place.statuses() == {"created": 599, "exists": 1}
    assert place.results()[4]["status"] == "exists"


async def test_a_batch_is_noted_before_it_is_sent(place: Place) -> None:
    """Whoever is killed while a call is under way finds the batch among those that were sent."""
    seen = Counter[str]()

    def look(batch: Sequence[NewUser]) -> None:
        journal_states = Counter(
            state for (state,) in sqlite3.connect(copy_of(place)).execute("SELECT state FROM batches")
        )
        seen.update(journal_states)

    def copy_of(place: Place) -> Path:
        for ending in ("", "-wal"):
            source = place.folder / f"run.journal{ending}"
            if source.exists():
                (place.folder / f"copy{ending}").write_bytes(source.read_bytes())
        return place.folder / "copy"

    await run(place, FakeUsers(before=look), users(60))
    assert seen == {"sent": 1}


async def test_a_stop_leaves_a_complete_result_and_the_next_run_completes_it(place: Place) -> None:
    """Rows that were read have lines that say so, and these are replaced later."""
    fake = FakeUsers()
    stop = anyio.Event()
    fake.after = lambda batch: stop.set() if len(fake.batches) >= 3 else None
    report = await run(place, fake, users(3000), stop=stop, workers=2)
    assert report.interrupted
    statuses = place.statuses()
    assert statuses["created"] == len(fake.existing)
    assert statuses.total() == report.rows
    report = await run(place, fake, users(3000))
    assert report.ok
    assert report.rows == 3000
    assert place.statuses() == {"created": 3000}
    assert len(fake.existing) == 3000


async def test_failures_that_are_not_the_rows_own_are_tried_by_the_next_run(place: Place) -> None:
    """A service that fails leaves rows that fail, and a later run that takes only them."""
    fake = FakeUsers(existing={"u1"}, reasons={"u2": "the moon is full"})
    bad = {f"u{number}" for number in range(60, 120)}

    def fail(batch: Sequence[NewUser]) -> None:
        if bad & {user.username for user in batch}:
            raise ServiceUnavailable(status=503)

    fake.before = fail
    report = await run(place, fake, users(180))
    assert report.count(RowStatus.FAILED) == 61
    assert place.states() == {"done": 2, "planned": 1}
    fake.before = None
    fake.batches.clear()
    report = await run(place, fake, users(180))
    assert [len(batch) for batch in fake.batches] == [60]
    assert report.count(RowStatus.FAILED) == 1
    assert place.statuses() == {"created": 178, "exists": 1, "failed": 1}
    assert place.results()[3]["message"] == "the moon is full"
    async with place.journal() as journal:
        assert journal.finished is not None


async def test_unknown_outcomes_are_settled_by_the_next_run(place: Place) -> None:
    """It asks the service who is registered."""

    def lose(batch: Sequence[NewUser]) -> None:
        raise OutcomeUnknown("lost")

    def cannot_ask(name: str) -> None:
        raise ServiceUnavailable(status=503)

    fake = FakeUsers(before=lose, asking=cannot_ask)
    await run(place, fake, users(60))
    assert place.states() == {"unknown": 1}
    assert place.statuses() == {"unknown": 60}
    fake.before = fake.asking = None
    await run(place, fake, users(60))
    assert place.statuses() == {"created": 60}


async def test_an_aborted_run_goes_on(place: Place) -> None:
    """After a service that was out of reach nothing is missing, and nothing is done twice."""
    fake = FakeUsers()

    def gone(batch: Sequence[NewUser]) -> None:
        if len(fake.batches) > 4:
            raise ConnectFailed("nobody listens there")

    fake.before = gone
    report = await run(place, fake, users(3000), workers=1)
    assert isinstance(report.aborted, ConnectFailed)
    assert place.statuses().total() == report.rows
    fake.before = None
    report = await run(place, fake, users(3000))
    assert report.ok
    assert place.statuses() == {"created": 3000}


async def test_a_result_file_that_is_gone_is_written_anew(place: Place) -> None:
    """Also one of another name, and one that was cut; what stands after the final lines is cut off."""
    fake = FakeUsers(existing={"u5"})
    stop = anyio.Event()
    fake.after = lambda batch: stop.set() if len(fake.batches) >= 20 else None
    source = [*users(1200), {"username": "No"}, *users(3), *[NewUser(f"v{number}") for number in range(3000)]]
    await run(place, fake, source, stop=stop, workers=2)
    before = place.result.read_bytes()
    with place.result.open("ab") as file:
        file.write(b'{"line": 9, "user')
    stop = anyio.Event()
    fake.after = lambda batch: stop.set() if len(fake.batches) >= 30 else None
    await run(place, fake, source, stop=stop, workers=2)
    assert len(place.results()) > before.count(b"\n")
    place.result.unlink()
    fake.after = None
    await run(place, fake, source)
    whole = place.results()
    assert Counter(entry["status"] for entry in whole.values()) == {"created": 4199, "exists": 1, "invalid": 4}
    place.result.write_bytes(place.result.read_bytes()[:1000])
    await run(place, fake, source)
    assert place.results() == whole
    other = place.folder / "other.jsonl"
    await run(place, fake, source, again={"result": other})
    assert {line["line"]: line for line in map(json.loads, other.read_text().splitlines())} == whole


async def test_only_what_is_left_is_read(place: Place) -> None:
    """A file is passed over, unparsed, up to the rows that names are compared with."""
    past = Past([Stretch(3, 40_000, 40_059, again=True, newest=None)], covered=50_000, batches=900)
    assert past.read_after == 40_000 - 1 - ROWS_COMPARED
    assert Past(covered=70_000).read_after == 70_000 - ROWS_COMPARED
    path = place.folder / "users.csv"
    path.write_text("username\n" + "".join(f"u{number}\n" for number in range(100)) + "Bad\n")
    assert [row.line async for row in read_users(path, after=99)] == [100, 101, 102]


async def test_another_run_is_refused(place: Place) -> None:
    """One over another file, one with other options, and one that does not say that it goes on."""
    source, other = place.folder / "users.csv", place.folder / "other.csv"
    source.write_text("username\nanna\n")
    other.write_text("username\nbert\n")
    async with place.journal(source=source, bind={"app": "one"}):
        pass
    for options, words in (
        ({"source": other}, "belongs to another run: app was 'one' and is None; input mtime was"),
        ({"source": source, "bind": {"app": "two"}}, "app was 'one' and is 'two'"),
        ({"source": source, "bind": {"app": "one"}, "resume": False}, "is the journal of a run that began 20"),
    ):
        with pytest.raises(JournalError, match=words):
            await place.journal(**options).__aenter__()
    async with place.journal(source=other, force=True):
        pass


async def test_one_process_uses_a_journal(place: Place) -> None:
    """A second run is refused in plain words, and the first one is not troubled."""
    async with place.journal() as journal:
        with pytest.raises(JournalError, match="another run is using this journal"):
            await place.journal(result=None).__aenter__()
        report = await provision_users(FakeSession(), users(60), journal=journal)
    assert report.ok


@pytest.mark.parametrize("cut", [0, 1])
async def test_a_damaged_journal_is_told_and_left_alone(place: Place, cut: int) -> None:
    """Be it a file of another kind or a journal with a hole in it."""
    if cut:
        await run(place, FakeUsers(), users(6000))
        content = bytearray(place.path.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        place.path.write_bytes(content)
    else:
        place.path.write_text("username,password\n" * 1000)
    before = place.path.read_bytes()
    with pytest.raises(OSError, match=r"not a journal, or damaged: .*run\.journal"):
        await place.journal().__aenter__()
    assert place.path.read_bytes() == before


async def test_other_databases_and_versions_are_refused(place: Place) -> None:
    """They are left as they are."""
    with sqlite3.connect(place.path) as connection:
        connection.execute("CREATE TABLE precious (jewel)")
    connection.close()
    before = place.path.read_bytes()
    with pytest.raises(JournalError, match="no journal but another database"):
        await place.journal().__aenter__()
    assert place.path.read_bytes() == before
    place.path.unlink()
    async with place.journal():
        pass
    with sqlite3.connect(place.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(JournalError, match="has version 99; this program writes version 1"):
        await place.journal().__aenter__()


async def test_rows_done_without_a_result_file_are_in_a_later_one(place: Place) -> None:
    """A run in between that writes none leaves no hole."""
    fake, stop = FakeUsers(), anyio.Event()
    fake.after = lambda batch: stop.set()
    await run(place, fake, users(600), stop=stop, workers=1)
    fake.after = lambda batch: stop.set() if len(fake.batches) >= 5 else None
    stop = anyio.Event()
    await run(place, fake, users(600), stop=stop, workers=1, again={"result": None})
    assert 60 < len(fake.existing) < 600
    fake.after = None
    await run(place, fake, users(600))
    assert place.statuses() == {"created": 600}


async def test_a_journal_is_opened_for_each_run(place: Place) -> None:
    """A run with one that is not open, or was used, is refused before anything is sent."""
    fake = FakeUsers()
    with pytest.raises(JournalError, match="not open"):
        await provision_users(FakeSession(fake), users(1), journal=place.journal())
    async with place.journal() as journal:
        await provision_users(FakeSession(fake), users(1), journal=journal)
        with pytest.raises(JournalError, match="once for each run"):
            await provision_users(FakeSession(fake), users(1), journal=journal)
    with pytest.raises(JournalError, match="not open"):
        await provision_users(FakeSession(fake), users(1), journal=journal)
    assert len(fake.batches) == 1


async def test_rows_out_of_order_are_refused(place: Place) -> None:
    """A journal tells rows by their lines."""
    rows = [row async for row in read_users(written(place.folder, 3))]
    with pytest.raises(InvalidArgument, match="lines in rising order"):
        await run(place, FakeUsers(), reversed(rows))


def written(folder: Path, count: int) -> Path:
    path = folder / "users.csv"
    path.write_text("username\n" + "".join(f"u{number}\n" for number in range(count)))
    return path


@settings(max_examples=25, deadline=None)
@given(data=st.data())
async def test_however_often_a_run_ends_every_row_has_one_result(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Stops, cancellations, crashes, failures and lost answers at will, and then one run that is left in peace."""
    place = Place(tmp_path_factory.mktemp("run"))
    count = data.draw(st.integers(1, 400), "rows")
    numbers = st.sets(st.integers(0, count - 1), max_size=6)
    existed = {f"u{number}" for number in data.draw(numbers, "existing")}
    illegal = {f"u{number}" for number in data.draw(numbers, "illegal")}
    doubled = data.draw(st.lists(st.integers(0, count - 1), max_size=3), "doubled")
    source: list[object] = [*users(count), *(NewUser(f"u{number}") for number in doubled), {"username": "Bad"}]
    fake = FakeUsers(existing=set(existed), illegal=illegal, refuse=data.draw(st.booleans(), "refuse"))
    for _ in range(data.draw(st.integers(0, 4), "runs")):
        ends_at = len(fake.batches) + data.draw(st.integers(1, 8), "ends at")
        way = data.draw(st.sampled_from(["stop", "cancel", "crash", "gone", "lost"]), "way")
        stop, over = anyio.Event(), anyio.Event()

        def before(batch: object, ends_at: int = ends_at, way: str = way) -> None:
            if way == "gone" and len(fake.batches) >= ends_at:
                raise ConnectFailed("nobody listens there")

        def after(
            batch: object, ends_at: int = ends_at, way: str = way, stop: anyio.Event = stop, over: anyio.Event = over
        ) -> None:
            if len(fake.batches) >= ends_at:
                over.set()
                if way == "stop":
                    stop.set()
                if way == "lost":
                    raise OutcomeUnknown("lost")

        fake.before, fake.after = before, after
        if way in {"cancel", "crash"}:
            await run_and_break_off(place, fake, source, over, crash=way == "crash")
        else:
            await run(place, fake, source, stop=stop, workers=data.draw(st.integers(1, 4), "workers"))
        if way != "crash":
            place.results()
    fake.before = fake.after = None
    await run(place, fake, source)
    results = place.results()
    assert sorted(results) == list(range(1, len(source) + 1))
    created = Counter(entry["username"] for entry in results.values() if entry["status"] == "created")
    assert created == dict.fromkeys(fake.existing - existed, 1)
    assert fake.existing == existed | {f"u{number}" for number in range(count)} - illegal
    for entry in results.values():
        if entry["status"] == "exists":
            assert entry["username"] in existed
        assert entry["status"] in {"created", "exists", "failed", "invalid"}
