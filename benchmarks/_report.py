"""What a benchmark found: tables, targets, plots, and all figures as JSON."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

_NAMED = ("agora-chat-async", "httpx", "httpx-aiohttp", "aiohttp", "aiolimiter", "anyio", "attrs", "cattrs", "orjson")


class Target(NamedTuple):
    """A promise, and whether it was kept."""

    what: str
    found: str
    wanted: str
    met: bool


def at_most(what: str, found: float, limit: float, unit: str = "") -> Target:
    """A figure that has an upper bound."""
    return Target(what, f"{found:.4g}{unit}", f"<= {limit:g}{unit}", found <= limit)


def at_least(what: str, found: float, limit: float, unit: str = "") -> Target:
    """A figure that has a lower bound."""
    return Target(what, f"{found:.4g}{unit}", f">= {limit:g}{unit}", found >= limit)


class Table(NamedTuple):
    """Rows under a title."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Write it so that it can be read as it is, and as Markdown."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]

        def line(cells: Sequence[str], fill: str = " ") -> str:
            padded = [
                cell.ljust(width, fill) if number == 0 else cell.rjust(width, fill)
                for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ]
            return f"| {' | '.join(padded)} |"

        ruler = "|" + "|".join("-" * (width + 1) + ("-" if n == 0 else ":") for n, width in enumerate(widths)) + "|"
        return "\n".join([f"**{self.title}**", "", line(self.columns), ruler, *map(line, self.rows)])


class Outcome(NamedTuple):
    """All that one benchmark found."""

    tables: Sequence[Table]
    targets: Sequence[Target]
    figures: Any
    """As JSON-ready data, every single measurement."""
    plot: Callable[[Path], None] | None = None
    """Draws into a folder."""


class Spread(NamedTuple):
    """Repeated measurements of one thing."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.0f} ({self.least:.0f}-{self.most:.0f})"


def spread(values: Iterable[float]) -> Spread:
    """Return the middle and the ends."""
    found = sorted(values)
    return Spread(statistics.median(found), found[0], found[-1])


def machine() -> dict[str, Any]:
    """Tell what the figures were measured on."""
    cpu = Path("/proc/cpuinfo")
    models = [line.partition(": ")[2] for line in cpu.read_text().splitlines() if line.startswith("model name")]
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "versions": {name: version(name) for name in _NAMED},
    }


def targets_table(targets: Sequence[Target]) -> Table:
    """Show which targets were met."""
    rows = [(target.what, target.found, target.wanted, "met" if target.met else "MISSED") for target in targets]
    return Table("Targets", ("what", "found", "wanted", ""), rows)


def save(folder: Path, outcomes: dict[str, Outcome]) -> None:
    """Write the figures, the tables and the plots."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = machine()
    for name, outcome in outcomes.items():
        data = {"machine": facts, "figures": outcome.figures, "targets": [one._asdict() for one in outcome.targets]}
        (folder / f"{name}.json").write_text(json.dumps(data, indent=1))
        text = [table.markdown() for table in (*outcome.tables, targets_table(outcome.targets))]
        (folder / f"{name}.md").write_text("\n\n".join(text) + "\n")
        if outcome.plot is not None:
            outcome.plot(folder)
