from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Service

from agora_chat_async.cli import main
from agora_chat_async.emulator import spawn

BOM = "\ufeff"


@pytest.fixture(scope="module")
def _service() -> Iterator[Service]:
    with spawn(enforce_quotas=False) as info:
        yield Service(info)


@pytest.fixture
def service(_service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    _service.ask("reset", post={})
    for name, value in _service.environment.items():
        monkeypatch.setenv(name, value)
    return _service


@pytest.fixture
def run(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, Any], dict[int, dict[str, Any]]]]:
    """Import a file of given bytes; return exit code, report, and the result by line."""

    def run(content: bytes, *arguments: str, name: str = "users.csv") -> Any:
        source, result = tmp_path / name, tmp_path / "result.jsonl"
        source.write_bytes(content)
        journal = ["--journal", str(tmp_path / "run.journal"), "--result", str(result), "--json"]
        code = main(["users", "import", str(source), *journal, *arguments])
        output = capsys.readouterr()
        assert "Traceback" not in output.err
        assert "hunter2" not in output.err + output.out + result.read_text()
        entries = [json.loads(line) for line in result.read_text().splitlines()]
        by_line = {entry["line"]: entry for entry in entries}
        report = json.loads(output.out)
        counts = Counter(entry["status"] for entry in entries)
        assert len(by_line) == len(entries) == report["rows"]
        assert {status: report[status] for status in counts} == counts
        assert service.users == counts["created"]
        return code, report, by_line

    return run


def test_fault_33_every_kind_of_line(run: Any) -> None:
    """Each bad row is told with its line and column, the good ones are registered, and the counts add up."""
    lines = [
        BOM + "username,password,nickname",
        "anna,hunter2,Anna",
        "",
        "ben,hunter2",
        ",hunter2,Nobody",
        "Carl,hunter2,Carl",
        "anna,hunter2,Again",
        'dora,"hunter2,Dora',
        "emil,hunter2,Emil\0",
        "x" * 5_000_000 + ",hunter2,Huge",
        "   ",
        "fay,hunter2," + "F" * 101,
        "gus,hunter2,Gus",
    ]
    content = "\r\n".join(lines).encode() + b"\r\nhans,hunter2,\xff\r\n" + b"ida,hunter2,Ida"
    code, report, results = run(content)
    assert code == 1
    assert [line for line, entry in results.items() if entry["status"] == "created"] == [2, 13, 15]
    assert (report["created"], report["invalid"]) == (3, 9)
    told = {line: entry["message"] for line, entry in results.items() if entry["status"] == "invalid"}
    for line, words in {
        4: "line 4: 2 values, the header has 3 columns",
        5: "line 5, column 1: no username",
        6: "line 6, column 1: username='Carl'",
        7: "the same name as line 2",
        8: "line 8: a quoted value that does not end on its line",
        9: "line 9: a NUL byte",
        10: "line 10: longer than 65536 bytes",
        12: "line 12, column 3: nickname=",
        14: "line 14: not UTF-8 at byte 14",
    }.items():
        assert told[line].startswith(words), told[line]


def test_fault_33_jsonl(run: Any) -> None:
    """The same of JSONL, compressed."""
    lines = [
        b'{"username": "anna", "password": "hunter2"}',
        b"",
        b"[1]",
        b'{"username": "ben", "passwort": "hunter2"}',
        b'{"username": "carl", "username": "dora"}',
        b'{"username": 5}',
        b'{"username": "emil"',
        b'{"username": "anna"}',
        b'{"username": "' + b"f" * 5_000_000 + b'"}',
        b"[" * 60_000,
        b'{"username": "gus", "nickname": null}',
    ]
    code, report, results = run(gzip.compress(b"\r\n".join(lines)), name="users.jsonl.gz")
    assert code == 1
    assert [line for line, entry in results.items() if entry["status"] == "created"] == [1, 11]
    assert (report["created"], report["invalid"]) == (2, 8)
    assert results[8]["message"] == "the same name as line 1"
    assert results[9]["message"] == "line 9: longer than 65536 bytes"
    assert results[10]["message"] == "line 10: not JSON"


def test_fault_33_only_bad_rows(run: Any) -> None:
    """Three thousand of them are three thousand lines of result, and no call."""
    code, report, results = run(b"username\n" + b"BAD\n" * 3000)
    assert code == 1
    assert (report["invalid"], report["calls"], len(results)) == (3000, 0, 3000)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty, not even a header"),
        (b"\xef\xbb\xbf\r\n\r\n", "empty, not even a header"),
        (b"anna,hunter2\nben,hunter2\n", "line 1: no header"),
        (b"username;password\nanna;hunter2\n", "the columns are divided by ';'"),
        ((BOM + "username,pass word\nanna,hunter2\n").encode(), "line 1, column 2: unknown column 'pass word'"),
    ],
)
def test_fault_33_no_input_at_all(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    """A file without a header ends the run with 2 before a journal is made or anything is sent."""
    (tmp_path / "users.csv").write_bytes(content)
    journal = tmp_path / "run.journal"
    assert main(["users", "import", str(tmp_path / "users.csv"), "--journal", str(journal)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "hunter2" not in error
    assert not journal.exists()
    assert service.users == 0


def test_fault_33_broken_gzip(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What came before the break is registered, and the run ends with 2, also when it is resumed."""
    packed = gzip.compress(b"username\n" + b"".join(b"u%d\n" % number for number in range(200_000)))
    source, result = tmp_path / "users.csv.gz", tmp_path / "result.jsonl"
    source.write_bytes(packed[: len(packed) // 50])
    words = ["users", "import", str(source), "--journal", str(tmp_path / "run.journal"), "--result", str(result)]
    for more in ([], ["--resume"]):
        assert main([*words, *more]) == 2
        assert "the compressed data is broken" in capsys.readouterr().err
        entries = [json.loads(line) for line in result.read_text().splitlines()]
        assert len({entry["line"] for entry in entries}) == len(entries) == service.users > 0
