"""Run benchmarks: `python -m benchmarks [NAME ...] [--check] [--quick]`; `--docs` puts the results into docs/."""

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks._docs import PAGE, fill
from benchmarks._report import Target, machine, save, targets_table

NAMES = ("start", "quota", "call", "scale", "fleet", "provision")

parser = argparse.ArgumentParser(
    prog="python -m benchmarks", description="Measure agora_chat_async beside what one would use otherwise."
)
parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; all by default")
parser.add_argument("--check", action="store_true", help="fail where a target is missed")
parser.add_argument("--quick", action="store_true", help="short runs, to see that everything works")
parser.add_argument("--output", type=Path, default=Path("results"), metavar="DIR", help="where results go [results]")
parser.add_argument("--docs", action="store_true", help="measure nothing; put the results into docs/performance.md")
parser.add_argument("--repeats", type=int, metavar="N", help="interleaved repeats of each measurement [3]")
arguments = parser.parse_args()
if unknown := set(arguments.names) - set(NAMES):
    parser.error(f"unknown: {', '.join(sorted(unknown))}")
quick = arguments.quick
arguments.repeats = arguments.repeats or (1 if quick else 3)
arguments.slice = 0.2 if quick else 0.3
"""Seconds of one measurement of calls."""
arguments.seconds = 3.0 if quick else 4.0
"""Seconds of one measurement of a quota a second."""
arguments.long_seconds = 10.0 if quick else 60.0
arguments.slow_seconds = 5.0 if quick else 66.0
arguments.waiting = (2_000, 20_000) if quick else (10_000, 100_000)
arguments.routes = (1, 16, 48) if quick else (1, 8, 16, 24, 32, 48, 64)
arguments.starts = 3 if quick else 7
arguments.users = 60_000 if quick else 1_000_000
arguments.lifted_users = 20_000 if quick else 100_000

if arguments.docs:
    fill(PAGE, arguments.output)
    sys.exit()
facts = machine()
print(f"{facts['processor']}, {facts['cores']} cores, Python {facts['python']}, {facts['date']}")
outcomes, missed = {}, list[Target]()
for name in arguments.names or NAMES:
    begun = time.monotonic()
    outcome = outcomes[name] = import_module(f"benchmarks.{name}").run(arguments)
    print(f"\n## {name} ({time.monotonic() - begun:.0f} s)")
    for table in (*outcome.tables, targets_table(outcome.targets)):
        print(f"\n{table.markdown()}", flush=True)
    missed += [target for target in outcome.targets if not target.met]
    save(arguments.output, {name: outcome})
if missed:
    print(f"\n{len(missed)} targets missed: {'; '.join(target.what for target in missed)}")
sys.exit(bool(missed) and arguments.check)
