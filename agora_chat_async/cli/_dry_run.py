"""`agora-chat users import --dry-run`: what a run would do, told without the network."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from attrs import asdict

from agora_chat_async.bulk import Row, RowResult
from agora_chat_async.bulk.earlier import LeftOver
from agora_chat_async.bulk.planning import RunPlan, plan_users
from agora_chat_async.bulk.reading import iter_users
from agora_chat_async.cli._displays import duration
from agora_chat_async.cli._exits import ExitCode, say
from agora_chat_async.cli._import_outcome import MOST_SHOWN, in_words
from agora_chat_async.cli._session_options import given_quotas
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.quota import PLANS


def tell_plan(options: argparse.Namespace, choice: LeftOver | None) -> ExitCode:
    """Read the input and print what a run over it would do."""
    if options.plan is not None and options.plan not in PLANS:
        raise InvalidArgument("plan", options.plan, f"one of {', '.join(PLANS)}")
    bad = 0

    def show(result: RowResult) -> None:
        nonlocal bad
        bad += 1
        if bad <= MOST_SHOWN:
            say(in_words(result))

    rows: Iterator[Row] = iter_users(options.file, format=options.format)
    if choice is not None:
        rows = (choice.check(row) for row in rows if row.line in choice)
    plan = plan_users(
        rows,
        show,
        batch_size=options.batch_size,
        on_existing=options.on_existing,
        assume_unique=options.assume_unique,
        plan=PLANS[options.plan] if options.plan else None,
        quotas=given_quotas(options),
    )
    if bad > MOST_SHOWN:
        say(f"and {bad - MOST_SHOWN:,} more")
    print(json.dumps({"ok": plan.ok, "valid": plan.valid, **asdict(plan)}) if options.json else _in_lines(plan))
    return ExitCode.DONE if plan.ok else ExitCode.SOME_FAILED


def _in_lines(plan: RunPlan) -> str:
    duplicates = "not looked for" if plan.duplicates is None else f"{plan.duplicates:,}"
    return "\n".join(
        [
            f"rows        {plan.rows:,}",
            f"valid       {plan.valid:,}",
            f"invalid     {plan.invalid:,}",
            f"duplicates  {duplicates}",
            *(f"calls       {count:,} of {route}" for route, count in plan.calls.items()),
            f"time        {duration(plan.seconds)} at the full quota",
        ]
    )
