"""A TCP proxy with bad days: it stands between two parts, and a test says what goes wrong at which byte.

with Proxy(server.port) as proxy:
    proxy.fault = Fault("cut", at=b"DATA")         # the server never hears that command
    proxy.fault = Fault("cut", after=b"DATA")      # it hears it, and its answer never arrives
    proxy.fault = Fault("hang", at=1000, of="server")
    proxy.fault = None                             # a good day again
"""

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

PIECE_BYTES = 64 * 1024
LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and where.

    kind: "cut" ends both sides in good order, "reset" with an RST, "hang" lets nothing more of that side through until
    the fault is taken away, "slow" lets `bytes_per_s` of it through from there on, "say" gives the client `words` in
    place of what would have passed.
    at: after so many bytes of side `of`, or just before these bytes of it. after: the client's line with these bytes is
    let through, and the fault waits for the first byte of the answer. times: so often; None: always.
    """

    kind: Literal["say", "cut", "reset", "hang", "slow"]
    at: int | bytes = 0
    of: Literal["client", "server"] = "client"
    after: bytes = b""
    times: int | None = 1
    bytes_per_s: int = 1000
    words: bytes = b""


class _Line:
    """One connection: what has passed, and whether its fault has struck."""

    def __init__(self, near: socket.socket, far: socket.socket):
        self.ends = {"client": near, "server": far}
        self.passed = {"client": 0, "server": 0}
        self.tail = {"client": b"", "server": b""}
        self.heard = b""
        self.struck: Fault | None = None
        self.is_over = False
        self.lock = threading.Lock()

    def end(self, kind: str) -> None:
        self.is_over = True
        for one in self.ends.values():
            if kind == "reset":
                with suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            if kind != "reset":
                continue
            with suppress(OSError):
                # A close alone sends nothing while the other thread waits in recv().
                one.shutdown(socket.SHUT_RD)
            one.close()


class Proxy:
    """Listens on `port` of 127.0.0.1 and passes on to `target`: a port of 127.0.0.1, or the path of a Unix socket."""

    def __init__(self, target: int | str, fault: Fault | None = None):
        self.target, self._fault = target, fault
        self.struck = 0
        self.connections = 0
        self._lines: set[_Line] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open()

    @property
    def fault(self) -> Fault | None:
        """The bad day that is on; setting one counts from zero again."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        self._fault, self.struck = fault, 0

    def refuse(self) -> None:
        """Nobody listens on the port any more; lines that are up stay."""
        with suppress(OSError):
            # Closing alone leaves the port listening while accept() waits.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def listen(self) -> None:
        """Take connections again, on the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._open()

    def end_lines(self, kind: Literal["cut", "reset"] = "cut") -> int:
        """End every line that is up now; how many there were."""
        lines = list(self._lines)
        for line in lines:
            line.end(kind)
        return len(lines)

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.refuse()
        self.fault = None
        self.end_lines()

    def _open(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _address = listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                far = self._reach()
            except OSError:
                near.close()
                continue
            line = _Line(near, far)
            self._lines.add(line)
            for side in ("client", "server"):
                threading.Thread(target=self._pass_on, args=(line, side), daemon=True).start()

    def _reach(self) -> socket.socket:
        if isinstance(self.target, int):
            return socket.create_connection(("127.0.0.1", self.target), 10)
        far = socket.socket(socket.AF_UNIX)
        far.connect(self.target)
        return far

    def _pass_on(self, line: _Line, side: str) -> None:
        source, sink = line.ends[side], line.ends["server" if side == "client" else "client"]
        source.settimeout(None)
        with suppress(OSError):
            while data := source.recv(PIECE_BYTES):
                if not self._pass(line, side, data, sink):
                    return
        # One side has ended its half of the talk; the other hears of it and may still speak.
        if not line.is_over:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)
        self._lines.discard(line)

    def _pass(self, line: _Line, side: str, data: bytes, sink: socket.socket) -> bool:
        """Let `data` through as far as the day allows; whether the line is still up."""
        with line.lock:
            fault, before = self._strikes(line, side, data)
        if fault is None:
            self._send(line, side, data, sink)
            return True
        self._send(line, side, data[:before], sink)
        rest = data[before:]
        if fault.kind in ("cut", "reset"):
            line.end(fault.kind)
            self._lines.discard(line)
            return False
        if fault.kind == "say":
            line.ends["client"].sendall(fault.words)
            return True
        if fault.kind == "hang":
            while self._fault is fault and line in self._lines:
                time.sleep(LOOK_EVERY_S)
            self._send(line, side, rest, sink)
            return True
        piece = max(1, int(fault.bytes_per_s * LOOK_EVERY_S))
        for start in range(0, len(rest), piece):
            if self._fault is fault:
                time.sleep(LOOK_EVERY_S)
            self._send(line, side, rest[start : start + piece], sink)
        return True

    def _strikes(self, line: _Line, side: str, data: bytes) -> tuple[Fault | None, int]:
        """The fault that holds for these bytes, if any, and how many of them still pass before it."""
        fault = self._fault
        if fault is None:
            return None, 0
        if line.struck is fault and fault.kind != "say":
            return (fault, 0) if side == ("server" if fault.after else fault.of) else (None, 0)
        before = self._where(fault, line, side, data)
        if before is None or (fault.times is not None and self.struck >= fault.times):
            return None, 0
        self.struck += 1
        line.struck = fault
        return fault, before

    def _where(self, fault: Fault, line: _Line, side: str, data: bytes) -> int | None:
        if fault.after:
            if side == "client":
                line.heard += data
                return None
            return 0 if fault.after in line.heard else None
        if side != fault.of:
            return None
        if isinstance(fault.at, int):
            left = fault.at - line.passed[side]
            return max(left, 0) if len(data) > left else None
        # The bytes may come in two pieces: what has passed is looked at too, and cannot be called back.
        tail = line.tail[side]
        found = (tail + data).find(fault.at)
        return None if found < 0 or found + len(fault.at) <= len(tail) else max(found - len(tail), 0)

    def _send(self, line: _Line, side: str, data: bytes, sink: socket.socket) -> None:
        if not data:
            return
        line.passed[side] += len(data)
        line.tail[side] = (line.tail[side] + data)[-64:]
        sink.sendall(data)
