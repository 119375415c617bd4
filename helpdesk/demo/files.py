"""Small real files to attach: invoices as PDF, pictures as PNG, logs as text. Made in code, the same for a seed."""

import random
import struct
import zlib
from dataclasses import dataclass

from helpdesk.blobs.store import Kept, enter, keep

EACH = 8
WARM = (255, 214, 140)
TYPES = {"pdf": "application/pdf", "png": "image/png", "txt": "text/plain"}


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in the store, and how its name begins."""

    kept: Kept
    stem: str
    kind: str

    @property
    def content_type(self) -> str:
        return TYPES[self.kind]


def make_files(rng: random.Random) -> dict[str, list[Attached]]:
    """EACH files of each kind, durable in the store and entered in the caller's transaction."""
    made: dict[str, list[Attached]] = {
        "pdf": [Attached(keep(pdf(_invoice(rng))), "invoice", "pdf") for _ in range(EACH)],
        "png": [Attached(keep(png(rng)), "IMG", "png") for _ in range(EACH)],
        "txt": [Attached(keep(_log(rng)), "log", "txt") for _ in range(EACH)],
    }
    enter(one.kept for kind in made.values() for one in kind)
    return made


def pdf(lines: list[str]) -> bytes:
    """A page with `lines` (ISO 8859-1), as PDF 1.4."""
    shown = " T* ".join(f"({line})Tj" for line in lines)
    words = f"BT /F1 12 Tf 16 TL 60 780 Td {shown} ET".encode("latin-1", "replace")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(words), words),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (len(objects) + 1, table, end)


def png(rng: random.Random, width: int = 320, height: int = 240) -> bytes:
    """A lamp in the dark: a warm circle of light on a plain ground."""
    x, y, reach = rng.randint(80, 240), rng.randint(60, 160), rng.randint(50, 110)
    ground = [rng.randint(20, 70) for _ in range(3)]
    # Light by squared distance, looked up instead of computed for each of the picture's dots.
    shades = [
        bytes(
            int(dark + (full - dark) * max(0.0, 1 - (far / reach**2) ** 0.5))
            for dark, full in zip(ground, WARM, strict=True)
        )
        for far in range(reach**2 + 1)
    ]
    across = [(column - x) ** 2 for column in range(width)]
    rows = bytearray()
    for row in range(height):
        down = (row - y) ** 2
        rows += b"\0" + b"".join([shades[min(reach**2, down + far)] for far in across])
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _invoice(rng: random.Random) -> list[str]:
    count, price = rng.randint(1, 12), rng.randint(4, 40) * 100
    return [
        "Fjordlys AS",
        f"Invoice {rng.randint(20_000, 89_999)}",
        "",
        f"{count} x {rng.choice(('Nord 40', 'Nord 60', 'Hav pendant', 'Bris wall light'))} at {price},00",
        f"Sum: {count * price},00  VAT 25 %: {count * price // 4},00",
        f"To pay: {count * price * 5 // 4},00",
    ]


def _log(rng: random.Random) -> bytes:
    said = ("hub: joined network", "hub: address lost", "lamp 3: no answer", "lamp 3: back", "hub: asleep")
    minutes = sorted(rng.sample(range(24 * 60), 60))
    return "\n".join(f"{minute // 60:02}:{minute % 60:02} {rng.choice(said)}" for minute in minutes).encode()
