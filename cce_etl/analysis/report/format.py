"""Numbers, times and names as text for the page; the templates' filters."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas

NO_VALUE: Final = "\u2013"
MAX_CHARACTERS: Final = 160
# A no-break space keeps a figure and its unit on one line.
_NO_BREAK_SPACE: Final = "\u00a0"
_MINUS: Final = "\u2212"
_PHASE_CLASSES: Final = {"Success": "success", "Failed": "failed", "Running": "running", "Initializing": "waiting"}
_UNITS: Final = (("d", 86_400, "h", 3_600), ("h", 3_600, "m", 60), ("m", 60, "s", 1))


def printable(value: Any) -> Any:
    """Return text with control characters made visible and cut to MAX_CHARACTERS; other values, markup too, as is."""
    if type(value) is not str:
        return NO_VALUE if value is None else value
    text = value if len(value) <= MAX_CHARACTERS else f"{value[:MAX_CHARACTERS]}\u2026 ({len(value):,} characters)"
    return "".join(char if char.isprintable() or char == _NO_BREAK_SPACE else f"\\x{ord(char):02x}" for char in text)


def count(value: float | None) -> str:
    """Return a whole number with thousands separators."""
    return NO_VALUE if value is None else f"{value:,.0f}"


def counted(value: float, noun: str) -> str:
    """Return a number and a noun, in the plural (with an s) unless the number is 1."""
    return f"{count(value)} {noun}" if value == 1 else f"{count(value)} {noun}s"


def seconds(value: float | None) -> str:
    """Return a duration in its two largest units, such as 4 m 10 s; below a minute, to three digits."""
    if value is None:
        return NO_VALUE
    size, sign = abs(value), _MINUS if value < 0 else ""
    if 0 < size < 0.1:
        return f"{sign}{1_000 * size:.3g}{_NO_BREAK_SPACE}ms"
    if size < 59.95:
        return f"{sign}{size:.3g}{_NO_BREAK_SPACE}s"
    for unit, length, smaller, smaller_length in _UNITS:
        wholes, rest = divmod(round(size / smaller_length), length // smaller_length)
        if wholes:
            text = f"{sign}{wholes:,} {unit}" + (f" {rest} {smaller}" if rest else "")
            return text.replace(" ", _NO_BREAK_SPACE)
    raise AssertionError(size)


def percent(value: float | None) -> str:
    """Return a share of 0..1 in percent to one decimal; a share is never rounded to none or all."""
    if value is None:
        return NO_VALUE
    if 0 < value < 0.0005:
        return f"<{_NO_BREAK_SPACE}0.1{_NO_BREAK_SPACE}%"
    if 0.9995 <= value < 1:
        return f">{_NO_BREAK_SPACE}99.9{_NO_BREAK_SPACE}%"
    return f"{100 * value:.1f}{_NO_BREAK_SPACE}%".replace("-", _MINUS)


def times(value: float | None) -> str:
    """Return a ratio to three digits."""
    return NO_VALUE if value is None else f"{value:.3g}"


def q_value(value: float | None) -> str:
    """Return a false discovery rate as `q = 0.0031`, and very small ones as `q < 0.0001`."""
    if value is None:
        return "q unknown"
    return ("q < 0.0001" if value < 0.0001 else f"q = {value:.2g}").replace(" ", _NO_BREAK_SPACE)


def instant(value: "pandas.Timestamp | None") -> str:
    """Return a time to the minute, UTC, as an element that stays on one line."""
    from markupsafe import Markup

    return NO_VALUE if value is None else Markup("<time>{:%Y-%m-%d %H:%M} UTC</time>").format(value)


def day(value: "pandas.Timestamp | None") -> str:
    """Return the UTC date of a time."""
    return NO_VALUE if value is None else f"{value:%Y-%m-%d}"


def position(value: float | None, most: float) -> str:
    """Return where a value lies between 0 and `most`, as a length in percent from 0% to 100%."""
    share = 0.0 if value is None or most <= 0 else min(1.0, max(0.0, value / most))
    return f"{100 * share:.2f}%"


def either(name: str | None, absent: str) -> str:
    """Return a name, or the text that stands for its absence."""
    return absent if name is None else name


def phase_class(phase: str) -> str:
    """Return the style class of a phase; it never contains text from data."""
    return _PHASE_CLASSES.get(phase, "other")
