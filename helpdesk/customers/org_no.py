"""Norwegian organisation numbers. Pure: values in, values out."""

import re

WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)


def normal_org_no(typed: str) -> str | None:
    """The nine digits of a valid organisation number, however it is written (`NO 974 760 673 MVA`); else None.

    The ninth digit is a check: the first eight by the weights 3 2 7 6 5 4 3 2, summed, and what is missing to a
    multiple of 11; a number that would need a 10 is not given out. Source: Brønnøysundregistrene, "Om
    organisasjonsnummeret" (brreg.no).
    """
    text = re.sub(r"[\s.\u00a0-]", "", typed or "").upper()
    digits = text.removeprefix("NO").removesuffix("MVA")
    if not re.fullmatch(r"[0-9]{9}", digits):
        return None
    rest = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits[:8], strict=True)) % 11
    check = 0 if rest == 0 else 11 - rest
    return digits if check == int(digits[8]) else None


def readable_org_no(org_no: str) -> str:
    """In groups of three: `974 760 673`."""
    return " ".join(org_no[at : at + 3] for at in range(0, len(org_no), 3))
