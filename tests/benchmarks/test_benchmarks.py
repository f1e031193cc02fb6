"""The benchmarks run: one round of each part that is quick, so that they do not rot between measurements."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks._docs import fill
from benchmarks._peers import HERE, US
from benchmarks._processes import server, workers
from benchmarks._report import Outcome, Table, at_least, at_most, save
from benchmarks.call import CALLS
from benchmarks.quota import SECOND, seen
from benchmarks.scale import ROUTED
from benchmarks.server import Judge


def test_the_judge_counts_any_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not seconds of a clock: what was admitted at the end of one counts at the beginning of the next."""
    now = [1.0]
    monkeypatch.setattr("benchmarks.server.time.monotonic", lambda: now[0])
    judge = Judge(3, 1.0)
    assert [judge.admits(2), judge.admits(2), judge.admits(1)] == [True, False, True]
    now[0] = 1.999
    assert not judge.admits(1)
    now[0] = 2.0
    assert [judge.admits(3), judge.admits(1)] == [True, False]


def test_a_log_is_read_as_it_was_written() -> None:
    """Use, refusals, the fullest window and the time of the first quota."""
    log = [(n / 1000, 1, n < 100) for n in range(110)] + [(1.05, 1, True)]
    found = seen(log, SECOND, 2.0)
    assert (found.used, found.refused, found.most) == (101 / 200, 10, 110)
    assert found.burst == pytest.approx(0.094)
    assert seen(log, SECOND, 1.5).used == 101 / 200


def test_each_call_gets_an_answer_that_it_reads() -> None:
    """A contestant whose calls fail would be measured as the fastest of all."""
    with server() as target, workers((US, ROUTED)) as (calls, routes):
        found = [calls.measure(url=target.url, call=call, in_flight=2, seconds=0.02) for call in CALLS]
        found.append(routes.measure(url=target.url, call="8", in_flight=16, seconds=0.02))
    assert all(one["done"] for one in found)
    assert not any(one["failed"] for one in found)


def test_what_was_found_is_written_and_put_into_the_page(tmp_path: Path) -> None:
    """Tables and targets stand where the page names them, and what else is on it stays."""
    table = Table("Things", ("", "us"), [["one", "2 (1-3)"]])
    targets = [at_most("time", 2, 1), at_least("use", 99, 98, "%")]
    save(tmp_path / "results", {"call": Outcome([table], targets, {"one": [1, 2, 3]})})
    page = tmp_path / "performance.md"
    page.write_text("before\n<!-- call -->\nold\n<!-- end -->\nafter\n<!-- quota -->\nkept\n<!-- end -->\n")
    fill(page, tmp_path / "results")
    text = page.read_text()
    assert text.startswith("before\n<!-- call -->\nMeasured ")
    assert text.endswith("<!-- end -->\nafter\n<!-- quota -->\nkept\n<!-- end -->\n")
    assert "| one | 2 (1-3) |" in text
    assert "MISSED" in text
    assert "old" not in text


def test_an_unknown_name_is_refused() -> None:
    """With the names that there are."""
    command = [sys.executable, "-m", "benchmarks", "nothing"]
    ended = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert ended.returncode == 2
    assert "unknown: nothing" in ended.stderr
