"""`agora-chat routes`: the operations and their quotas."""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Sequence
from typing import Any

from agora_chat_async._endpoint import Endpoint
from agora_chat_async.api import all_endpoints
from agora_chat_async.cli._exits import CommandError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--source", metavar="OPERATION", help="print the function behind one, such as users.create")


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    endpoints = list(all_endpoints())
    if options.source is not None:
        print(_source(endpoints, options.source))
        return 0
    if options.json:
        print(json.dumps([_described(endpoint) for endpoint in endpoints], indent=1))
        return 0
    rows = [("OPERATION", "METHOD", "PATH", "QUOTA", "REPEAT")]
    rows += [(e.id, e.method, e.path, _quota(e), "yes" if e.retry_safe else "never") for e in endpoints]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _source(endpoints: Sequence[Endpoint], id: str) -> str:  # noqa: A002 - it is one
    found = next((endpoint for endpoint in endpoints if endpoint.id == id), None)
    if found is None:
        raise CommandError(f"there is no operation {id!r}; agora-chat routes lists them")
    return inspect.getsource(found.function.__code__).rstrip()


def _described(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "method": endpoint.method,
        "path": endpoint.path,
        "quotas": [{"calls": rate.calls, "per": rate.per} for rate in endpoint.all_rates],
        "shared": next((quota.name for quota in endpoint.shared), None),
        "concurrency": endpoint.concurrent,
        "retry_safe": endpoint.retry_safe,
    }


def _quota(endpoint: Endpoint) -> str:
    parts = [str(rate) for rate in endpoint.all_rates]
    if endpoint.concurrent is not None:
        parts.append(f"{endpoint.concurrent} at once")
    shared = "".join(f" (shared: {quota.name})" for quota in endpoint.shared)
    return (", ".join(parts) or "-") + shared
