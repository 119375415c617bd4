"""Text as PostgreSQL takes it."""


def storable(text: str) -> str:
    """`text` without NUL and lone surrogates, which a text column refuses; each becomes U+FFFD."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
