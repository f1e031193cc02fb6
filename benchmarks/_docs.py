"""From results to docs/performance.md: `python -m benchmarks --docs` puts tables and plots where they belong."""

import json
import re
import shutil
from pathlib import Path

from benchmarks._peers import HERE

PAGE = HERE.parent / "docs" / "performance.md"
PLACE = re.compile(r"(<!-- (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(page: Path, results: Path) -> None:
    """Put the results of a name, where there are some, between `<!-- NAME -->` and `<!-- end -->`."""

    def filled(place: re.Match[str]) -> str:
        found = results / f"{place['name']}.md"
        if not found.exists():
            return place[0]
        return f"{place[1]}{machine(found.with_suffix('.json'))}\n\n{found.read_text()}{place[3]}"

    page.write_text(PLACE.sub(filled, page.read_text()))
    plots = page.with_suffix("")
    plots.mkdir(exist_ok=True)
    for plot in results.glob("*.png"):
        shutil.copy(plot, plots)


def machine(figures: Path) -> str:
    """Say what the figures were measured on."""
    facts = json.loads(figures.read_text())["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return (
        f"Measured {facts['date']} on {facts['processor']}, {facts['cores']} cores, Python {facts['python']}, "
        f"load {facts['load'][0]:.1f}; {versions}."
    )
