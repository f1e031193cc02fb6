"""Which name a refusal is about that says that a name is taken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_VALUE: Final = re.compile(r"\bvalue of (\S+)")
"""How the documented refusal names the taken name."""
_OTHER_FORMS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(\S+) already exists",
        r"(?<!\w)'([^'\s]+)'(?!\w)",
        r'(?<!\w)"([^"\s]+)"(?!\w)',
        r"(?:be unique|[:,=])\s*(\S+)$",
    )
)
_WORDS_OF_REFUSALS: Final = frozenset(
    {"entity", "exists", "id", "it", "name", "property", "taken", "unique", "user", "username"}
)
_AROUND_NAMES: Final = "'\"`()[],;:"


def taken_name(description: str | None, names: Sequence[str]) -> str | None:
    """Find the name that a refusal is about; None where that is not certain, as then it has to be searched for."""
    text = (description or "").strip().lower()
    told = _told([_VALUE], text).intersection(names)
    if not told:
        # In other forms a word such as "user" may stand for no name at all.
        told = _told(_OTHER_FORMS, text).intersection(names) - _WORDS_OF_REFUSALS
    return told.pop() if len(told) == 1 else None


def _told(patterns: Sequence[re.Pattern[str]], text: str) -> set[str]:
    words = {match[1].strip(_AROUND_NAMES) for pattern in patterns for match in pattern.finditer(text)}
    return words | {word.rstrip(".").strip(_AROUND_NAMES) for word in words}  # a name may itself end in a full stop
