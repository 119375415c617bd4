"""Where to go after signing in: an address of our own, never somebody else's."""

from urllib.parse import urlsplit


def safe_next(asked: str | None) -> str | None:
    """`asked` if it is a path on this site, else None.

    Browsers read "\\\\" as "/" and drop tabs and line ends, so an address with any of them is refused.
    """
    if not asked or not asked.startswith("/") or asked.startswith("//"):
        return None
    if "\\" in asked or any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in asked):
        return None
    try:
        parts = urlsplit(asked)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else asked
