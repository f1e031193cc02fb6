"""`agora-chat routes`: the operations and their quotas."""

from __future__ import annotations

import argparse
import json
from typing import Any

from agora_chat_async._endpoint import Endpoint
from agora_chat_async.api import all_endpoints


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    endpoints = list(all_endpoints())
    if options.json:
        print(json.dumps([_described(endpoint) for endpoint in endpoints], indent=1))
        return 0
    rows = [("OPERATION", "METHOD", "PATH", "QUOTA", "REPEAT")]
    rows += [(e.id, e.method, e.path, _quota(e), "yes" if e.retry_safe else "never") for e in endpoints]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


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
