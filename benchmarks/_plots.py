"""Plots, in one style; matplotlib is loaded when the first is drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def _axes(title: str, ylabel: str, width: float = 9.0) -> tuple[Any, Any]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(width, 4.5), layout="constrained")
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_ylabel(ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _finish(figure: Any, path: Path) -> None:
    from matplotlib import pyplot as plt

    figure.savefig(path, dpi=110)
    plt.close(figure)


def grouped_bars(
    path: Path, title: str, ylabel: str, values: Mapping[str, Mapping[str, float]], *, log: bool = False
) -> None:
    """Bars in groups: by name of the series, then by name of the group."""
    figure, axes = _axes(title, ylabel, 11.0)
    groups = list(next(iter(values.values())))
    width = 0.85 / len(values)
    for number, (name, by_group) in enumerate(values.items()):
        places = [group + number * width for group in range(len(groups))]
        color = "C3" if number == 0 else f"{0.25 + 0.6 * number / len(values):.2f}"
        axes.bar(places, [by_group[group] for group in groups], width, label=name, color=color)
    axes.set_xticks([group + 0.425 - width / 2 for group in range(len(groups))], groups)
    if log:
        axes.set_yscale("log")
    axes.legend(fontsize=8, ncols=3, loc="upper left", bbox_to_anchor=(0, -0.08))
    _finish(figure, path)


def lines(
    path: Path,
    title: str,
    xlabel: str,
    ylabel: str,
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    limit: float | None = None,
) -> None:
    """Lines over a common axis, and perhaps a limit."""
    figure, axes = _axes(title, ylabel)
    for number, (name, (xs, ys)) in enumerate(series.items()):
        axes.plot(
            xs,
            ys,
            label=name,
            linewidth=1.8 if number == 0 else 1.0,
            color="C3" if number == 0 else f"C{number - 1 if number < 4 else number}",
        )
    if limit is not None:
        axes.axhline(limit, color="black", linewidth=0.8, linestyle="--", label=f"the quota, {limit:g}")
    axes.set_xlabel(xlabel)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, ncols=2)
    _finish(figure, path)
