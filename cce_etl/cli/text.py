"""Text that data cannot use to steer a terminal, and seconds as people read them."""


def visible(text: str) -> str:
    """Return text with its control characters made visible, so that data cannot steer a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)


def one_line(text: str) -> str:
    """Return text as `visible` does, with its line breaks made visible too."""
    return visible(text).replace("\n", "\\x0a")


def seconds_text(seconds: float) -> str:
    """Return seconds to a tenth, below ten to a thousandth."""
    return f"{seconds:,.1f}" if abs(seconds) >= 10 else f"{seconds:.3f}"
