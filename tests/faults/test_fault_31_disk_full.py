from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import define
from cli.conftest import Service
from faults.killing import Nursery, Tally, write_users

from agora_chat_async import AppToken, Session

FAST = ("--quota", "users.create=2000/second", "--quota", "users.get=2000/second")
ROWS = 3_000


@define
class SmallDisk:
    """A file system of 256 KB."""

    path: Path

    def fill(self, *, leave: int = 0) -> None:
        """Fill it, but for some bytes."""
        left = shutil.disk_usage(self.path).free - leave
        (self.path / "ballast").write_bytes(b"\0" * max(left, 0))

    def clear(self) -> None:
        (self.path / "ballast").unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)  # noqa: S603, S607 - fixed words


@contextmanager
def mounted(path: Path) -> Iterator[SmallDisk]:
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounts a tmpfs, which takes root")
    path.mkdir()
    made = subprocess.run(  # noqa: S603 - fixed words
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", path],  # noqa: S607 - as above
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip(f"mounts a tmpfs, which is not allowed here: {made.stderr.decode().strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", path], check=True)  # noqa: S603, S607 - fixed words


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk that is soon full."""
    with mounted(tmp_path / "disk") as disk:
        yield disk


def command(folder: Path, *, journal: Path, result: Path) -> list[object]:
    source = folder / "users.csv"
    if not source.exists():
        write_users(source, ROWS)
    return [source, "--journal", journal, "--result", result, "--resume", "--workers", 4, *FAST]


def check(result: Path, service: Service) -> None:
    """Each row has one line, which says that the user was created, and the service has each of them once."""
    tally = Tally.of(result)
    assert tally.statuses == {"created": ROWS}
    assert tally.lines == dict.fromkeys(range(2, ROWS + 2), 1)
    assert service.users == ROWS


@pytest.mark.parametrize("where", ["journal", "result", "both"])
def test_fault_31_disk_full_in_mid_run(
    nursery: Nursery, service: Service, tmp_path: Path, disk: SmallDisk, where: str
) -> None:
    """The run ends with 4 and names the file; with room again it goes on to the end."""
    journal = (tmp_path if where == "result" else disk.path) / "run.journal"
    result = (tmp_path if where == "journal" else disk.path) / "result.jsonl"
    words = command(tmp_path, journal=journal, result=result)
    disk.fill(leave=60_000)
    assert nursery.run(*words) == 4, nursery.log
    assert "Traceback" not in nursery.log
    assert f"{disk.path}/" in nursery.log
    assert 0 < service.users < ROWS
    assert set(Tally.of(result).lines.values()) <= {1}
    disk.clear()
    if where != "journal":
        # What is left of the result does not fit on this disk; the journal knows it all.
        result = tmp_path / "elsewhere.jsonl"
        words = command(tmp_path, journal=journal, result=result)
    assert nursery.run(*words) == 0, nursery.log
    check(result, service)


def test_fault_31_disk_full_from_the_start(nursery: Nursery, service: Service, tmp_path: Path, disk: SmallDisk) -> None:
    """Nothing is sent, and nothing of the failed beginning is in the way of the next run."""
    words = command(tmp_path, journal=disk.path / "run.journal", result=tmp_path / "result.jsonl")
    disk.fill()
    assert nursery.run(*words) == 4, nursery.log
    assert "run.journal: " in nursery.log
    assert service.users == 0
    disk.clear()
    assert nursery.run(*words) == 0, nursery.log
    check(tmp_path / "result.jsonl", service)


def test_fault_31_read_only_disk(nursery: Nursery, service: Service, tmp_path: Path, disk: SmallDisk) -> None:
    """A journal that was begun is not lost by it."""
    words = command(tmp_path, journal=disk.path / "run.journal", result=tmp_path / "result.jsonl")
    slow = [*words, "--quota", "users.create=20/second"]
    assert nursery.run(*slow, after=0.7, stop=2) == 130, nursery.log
    users = service.users
    disk.remount("ro")
    try:
        assert nursery.run(*words) == 4, nursery.log
        assert "run.journal: " in nursery.log
        assert service.users == users < ROWS
    finally:
        disk.remount("rw")
    assert nursery.run(*words) == 0, nursery.log
    check(tmp_path / "result.jsonl", service)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("journalled", [True, False])
def test_fault_31_result_on_a_full_device(nursery: Nursery, service: Service, tmp_path: Path, journalled: bool) -> None:
    """The run ends with 4; with a journal another result file gets all of it."""
    words = command(tmp_path, journal=tmp_path / "run.journal", result=Path("/dev/full"))
    assert nursery.run(*(words if journalled else [*words[:1], "--result", "/dev/full", *FAST])) == 4, nursery.log
    assert "Traceback" not in nursery.log
    if journalled:
        result = tmp_path / "result.jsonl"
        assert nursery.run(*command(tmp_path, journal=tmp_path / "run.journal", result=result)) == 0, nursery.log
        check(result, service)


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_fault_31_limit_of_file_sizes(nursery: Nursery, service: Service, tmp_path: Path) -> None:
    """A limit of the system on the size of files is an error like a full disk."""
    result = tmp_path / "result.jsonl"
    words = command(tmp_path, journal=tmp_path / "run.journal", result=result)
    assert nursery.run(*words, file_size=100_000) == 4, nursery.log
    assert "result.jsonl: File too large" in nursery.log
    assert nursery.run(*words) == 0, nursery.log
    check(result, service)


async def test_fault_31_disk_full_while_downloading(service: Service, disk: SmallDisk) -> None:
    """The download raises the system's error and leaves no file, neither whole nor begun."""
    info = service.info
    token = AppToken(info.app_id, info.certificate)
    async with Session(info.org, info.app, host=info.url, token=token) as chat:
        file = await chat.files.upload(os.urandom(400_000))
        with pytest.raises(OSError, match="No space left on device"):
            await chat.files.download(file.uuid).save(disk.path / "plan.pdf")
        assert list(disk.path.iterdir()) == []
        assert await chat.files.download(file.uuid).save(disk.path.parent / "plan.pdf")
