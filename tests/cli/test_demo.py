from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from agora_chat_async import Stats
from agora_chat_async.bulk import Report, RowStatus
from agora_chat_async.cli import main
from agora_chat_async.cli._demo_report import faults_of, lines_of, percentile
from agora_chat_async.cli._demo_run import Measured
from agora_chat_async.cli.demo import read_demo_users
from agora_chat_async.quota import per_second


def report(created: int = 20_000, elapsed: float = 3.2) -> Report:
    """What provisioning told."""
    return Report(
        counts={RowStatus.CREATED: created, RowStatus.FAILED: 20_000 - created},
        started=datetime(2026, 1, 1, tzinfo=UTC),
        elapsed=elapsed,
        calls=334,
        on_existing="skip",
    )


GOOD = Measured(
    asked=20_000,
    report=report(),
    bad_rows=(),
    latencies=[number / 1000 for number in range(1, 335)],
    receivers=300,
    message_ids=dict.fromkeys(("Text", "Image", "Voice", "Video", "File", "Location", "Command", "Custom"), 300),
    first_page=20,
    read_back=20_000,
    missing=0,
    strangers=0,
    reading_seconds=2.0,
    stats=Stats(543, 543, 0, 0),
    rate=per_second(100),
    busiest={"arrived": {"calls": 100, "cost": 100}, "refused": 0},
    refused=0,
    arrivals=[number // 100 * 1.02 for number in range(334)],
    total_seconds=5.5,
)


def test_a_good_run_has_no_faults() -> None:
    """And the table holds the figures as measured."""
    assert faults_of(GOOD) == []
    figures = {line.name: line.value for line in lines_of(GOOD)}
    assert figures["users a second"] == "6,250"
    assert figures["share of the quota"] == "104.2%"
    assert figures["pace at the emulator"] == "98.0%"
    assert figures["latency of a call"] == "167 / 318 / 331 ms"
    assert figures["messages"] == "2,400"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"report": report(created=19_999)}, "19,999 of 20,000 users were registered"),
        ({"report": report(elapsed=3.5)}, "the speed was 95.2% of the quota"),
        ({"refused": 1}, "the emulator refused 1 calls"),
        ({"stats": Stats(543, 544, 1, 0)}, "1 calls had to be sent again"),
        ({"stats": Stats(543, 544, 0, 1)}, "the session was refused 1 times"),
        ({"busiest": {"arrived": {"calls": 101}}}, "101 registrations arrived in one second"),
        ({"message_ids": {**GOOD.message_ids, "Voice": 299}}, "Voice: 299 message ids"),
        ({"message_ids": {"Text": 300}}, "1 types of message"),
        ({"first_page": 19}, "the first page had 19 users"),
        ({"read_back": 19_999, "missing": 1}, "19,999 users were read back"),
        ({"strangers": 2}, "2 users were found that nobody registered"),
    ],
)
def test_each_fault_is_named(change: dict[str, Any], fault: str) -> None:
    """Nothing that is not as it should be is passed over."""
    faults = faults_of(evolve(GOOD, **change))
    assert any(found.startswith(fault) for found in faults)


def test_a_short_run_is_not_blamed_for_its_speed() -> None:
    """101 calls need more than a second whoever makes them, which is less than the quota's mean."""
    few = evolve(GOOD, asked=6060, arrivals=[0.0] * 100 + [1.02], first_page=20, read_back=6060)
    few = evolve(few, report=Report(**{**_fields(report()), "counts": {RowStatus.CREATED: 6060}, "elapsed": 1.1}))
    assert faults_of(few) == []


def _fields(value: Report) -> dict[str, Any]:
    return {name: getattr(value, name) for name in ("started", "calls", "on_existing")}


def test_percentiles_are_values_that_were_measured() -> None:
    """The nearest rank, and 0 of nothing."""
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert percentile([], 0.5) == 0


def test_the_file_of_the_demo_holds_twenty_thousand_users() -> None:
    """All of them good and different."""
    assert len({user.username for user in read_demo_users(20_000)}) == 20_000


def test_a_small_demo_runs_from_end_to_end(capfd: pytest.CaptureFixture[str]) -> None:
    """With few users the quota cannot be reached, all else is as in the whole."""
    assert main(["demo", "--users", "1500"]) == 0
    output = capfd.readouterr().out
    assert "1,500 of 1,500" in output
    assert "Everything is as it should be." in output
    assert main(["demo", "--users", "20001"]) == 2


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_the_emulator_can_be_kept() -> None:
    """It goes on until Ctrl-C, and says how to talk to it."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "agora_chat_async.cli", "demo", "--users", "60", "--keep"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        assert any("export AGORA_APP_ID=" in line for line in output)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


@pytest.mark.slow
def test_the_whole_demo_registers_everybody(capfd: pytest.CaptureFixture[str]) -> None:
    """20,000 users; only the speed, and refusals for bad timing, may be blamed on a machine that is busy."""
    code = main(["demo"])
    output, complaints = capfd.readouterr()
    assert "20,000 of 20,000" in output
    blamed = [
        line
        for line in complaints.splitlines()
        if not re.search("speed|refus|at its full rate|sent again|over the quota", line)
    ]
    assert not blamed
    assert (code == 0) == ("Everything is as it should be." in output)
