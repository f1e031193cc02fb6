from __future__ import annotations

import json
from pathlib import Path

import pytest

from agora_chat_async.bulk import ResultFile, RowResult, RowStatus


def test_each_result_is_a_line(tmp_path: Path) -> None:
    """The file is complete when the context is left, also by an error."""
    path = tmp_path / "result.jsonl"

    def fail_half_way() -> None:
        with ResultFile(path) as file:
            for line in range(5000):
                file.write(RowResult(line, f"u{line}", RowStatus.CREATED))
            file.write(RowResult(5000, "Anna", RowStatus.INVALID, "invalid", "line 5000: no"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 5001
    assert lines[0] == {"line": 0, "username": "u0", "status": "created", "error": None, "message": None}
    assert lines[-1]["message"] == "line 5000: no"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told() -> None:
    """The error of the writing thread comes out at the latest where the context is left."""

    def write() -> None:
        with ResultFile("/dev/full") as file:
            file.write(RowResult(1, "anna", RowStatus.CREATED))

    with pytest.raises(OSError, match="No space left"):
        write()


def test_a_row_cannot_forge_lines_or_control_a_terminal(tmp_path: Path) -> None:
    """Names and messages from outside stay text: one line each, no raw control character, no cell of its own."""
    names = ["=HYPERLINK(1)", 'a\n{"line":1,"status":"created"}', "\x1b[2J", "a,b;c\td", "\u2028\u2029\x85"]
    path = tmp_path / "result.jsonl"
    with ResultFile(path) as file:
        for line, name in enumerate(names):
            file.write(RowResult(line, name, RowStatus.INVALID, "invalid", name))
    raw = path.read_bytes()
    assert not [byte for byte in raw if byte < 0x20 and byte != 0x0A]
    lines = [json.loads(line) for line in raw.splitlines()]
    assert [(one["username"], one["message"]) for one in lines] == [(name, name) for name in names]
