"""The soak in its shortest form; `nox -s soak` runs it for minutes."""

from __future__ import annotations

import pytest
import soak


@pytest.mark.slow
def test_a_soak_of_seconds() -> None:
    """Every call ends in a way that was told, nothing is left open, no quota is exceeded, nothing is done twice."""
    figures = soak.run(1.5, seed=1)
    assert " calls = " in figures[0]
