"""Run benchmarks: `python -m benchmarks [quota|call|waiting ...] [--seconds N] [--check]`."""

import argparse
import platform
import sys

from benchmarks import call, quota, waiting

BENCHMARKS = {"quota": quota.run, "call": call.run, "waiting": waiting.run}

parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure agora_chat_async.")
parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all by default")
parser.add_argument("--seconds", type=float, default=20.0, help="length of each quota run (default 20)")
parser.add_argument("--check", action="store_true", help="fail where a target is missed")
arguments = parser.parse_args()
if unknown := set(arguments.names) - BENCHMARKS.keys():
    parser.error(f"unknown: {', '.join(sorted(unknown))}")
print(f"Python {platform.python_version()} on {platform.machine()}")
missed = [name for name in arguments.names or BENCHMARKS if not BENCHMARKS[name](arguments.seconds)]
if missed:
    print(f"\ntargets missed: {', '.join(missed)}")
sys.exit(bool(missed) and arguments.check)
