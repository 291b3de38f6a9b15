"""Figures and names as a reader of the page meets them.

Lives here: numbers, times and names as text. Does not: whole sentences (the templates), escaping (the page's).
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas

NOTHING: Final = "\u2013"
MOST_CHARACTERS: Final = 160
# Keeps a figure and its unit on one line.
_JOINT: Final = "\u00a0"
_MINUS: Final = "\u2212"
_PHASE_CLASSES: Final = {"Success": "success", "Failed": "failed", "Running": "running", "Initializing": "waiting"}
_UNITS: Final = (("d", 86_400, "h", 3_600), ("h", 3_600, "m", 60), ("m", 60, "s", 1))


def printable(value: Any) -> Any:
    """Return text with control characters made visible and cut to MOST_CHARACTERS; other values, markup too, as is."""
    if type(value) is not str:
        return NOTHING if value is None else value
    text = value if len(value) <= MOST_CHARACTERS else f"{value[:MOST_CHARACTERS]}\u2026 ({len(value):,} characters)"
    return "".join(char if char.isprintable() or char == _JOINT else f"\\x{ord(char):02x}" for char in text)


def count(value: float | None) -> str:
    """Return a whole number with its thousands apart."""
    return NOTHING if value is None else f"{value:,.0f}"


def counted(value: float, noun: str) -> str:
    """Return a number of things, the noun (whose plural ends in s) in the number that it asks for."""
    return f"{count(value)} {noun}" if value == 1 else f"{count(value)} {noun}s"


def seconds(value: float | None) -> str:
    """Return a duration in its two largest units, such as 4 m 10 s; below a minute, to three digits."""
    if value is None:
        return NOTHING
    size, sign = abs(value), _MINUS if value < 0 else ""
    if 0 < size < 0.1:
        return f"{sign}{1_000 * size:.3g}{_JOINT}ms"
    if size < 59.95:
        return f"{sign}{size:.3g}{_JOINT}s"
    for unit, length, smaller, smaller_length in _UNITS:
        wholes, rest = divmod(round(size / smaller_length), length // smaller_length)
        if wholes:
            text = f"{sign}{wholes:,} {unit}" + (f" {rest} {smaller}" if rest else "")
            return text.replace(" ", _JOINT)
    raise AssertionError(size)


def percent(value: float | None) -> str:
    """Return a share of 0..1 in percent to one decimal; what rounding would call none or all is said to be near."""
    if value is None:
        return NOTHING
    if 0 < value < 0.0005:
        return f"<{_JOINT}0.1{_JOINT}%"
    return f">{_JOINT}99.9{_JOINT}%" if 0.9995 <= value < 1 else f"{100 * value:.1f}{_JOINT}%".replace("-", _MINUS)


def times(value: float | None) -> str:
    """Return a ratio to three digits."""
    return NOTHING if value is None else f"{value:.3g}"


def q_value(value: float | None) -> str:
    """Return a false discovery rate as `q = 0.0031`, very small ones as below 0.0001."""
    if value is None:
        return "q unknown"
    return ("q < 0.0001" if value < 0.0001 else f"q = {value:.2g}").replace(" ", _JOINT)


def instant(value: "pandas.Timestamp | None") -> str:
    """Return a time to the minute, UTC, as an element that stays on one line."""
    from markupsafe import Markup

    return NOTHING if value is None else Markup("<time>{:%Y-%m-%d %H:%M} UTC</time>").format(value)


def day(value: "pandas.Timestamp | None") -> str:
    """Return the UTC date of a time."""
    return NOTHING if value is None else f"{value:%Y-%m-%d}"


def place(value: float | None, most: float) -> str:
    """Return where a value lies between 0 and `most`, as a length in percent for a picture, never outside of it."""
    share = 0.0 if value is None or most <= 0 else min(1.0, max(0.0, value / most))
    return f"{100 * share:.2f}%"


def either(name: str | None, words: str) -> str:
    """Return a name, or words for its absence."""
    return words if name is None else name


def phase_class(phase: str) -> str:
    """Return the style's class of a phase, which is never text from data."""
    return _PHASE_CLASSES.get(phase, "other")
