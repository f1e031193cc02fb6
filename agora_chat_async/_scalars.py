"""Text, numbers and truth, which stand in for each other where the service mixes them."""

from __future__ import annotations

import math
from typing import Any, Final

from agora_chat_async._json import EXACT, Inexact


def read_text(value: Any, _: Any) -> str:
    """Read text, or a number as the text of it."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if type(value) is float and abs(value) >= EXACT:
            raise Inexact
        return str(value)
    raise TypeError(f"expected text, got {type(value).__name__}")


def read_whole(value: Any, _: Any) -> int:
    """Read a whole number, or text or a float that is one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    raise TypeError(f"expected a whole number, got {type(value).__name__}")


def read_number(value: Any, _: Any) -> float:
    """Read a number, or text that is one."""
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            raise ValueError("a number too large for a float") from None
        if math.isfinite(number):
            return number
    raise TypeError(f"expected a number, got {type(value).__name__}")


_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False}


def read_truth(value: Any, _: Any) -> bool:
    """Read true or false, as words or digits too."""
    if isinstance(value, bool):
        return value
    try:
        return _TRUTH[str(value).lower()]
    except KeyError:
        raise TypeError(f"expected true or false, got {type(value).__name__}") from None
