"""The fault proxy does what it says, at the byte it says."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.faults.proxy import Fault, Proxy


class Echo(socketserver.StreamRequestHandler):
    """Says every line back."""

    def handle(self) -> None:
        with suppress(ConnectionError):
            for line in self.rfile:
                self.server.heard.append(line)
                self.wfile.write(line)


@pytest.fixture
def echo() -> Iterator[socketserver.ThreadingTCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads, server.heard = True, []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(echo) -> Iterator[Proxy]:
    with Proxy(echo.server_address[1]) as proxy:
        yield proxy


def talk(proxy: Proxy, timeout_s: float = 5) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout_s)


def until_heard(echo: socketserver.ThreadingTCPServer, count: int) -> None:
    patience_ends = time.monotonic() + 5
    while len(echo.heard) < count and time.monotonic() < patience_ends:
        time.sleep(0.01)


def all_of(line: socket.socket, timeout_s: float = 5) -> bytes:
    line.settimeout(timeout_s)
    heard = b""
    while data := line.recv(1000):
        heard += data
    return heard


def test_on_a_good_day_everything_passes_and_each_side_may_end_its_half(proxy):
    with talk(proxy) as line:
        line.sendall(b"one\ntwo\n" + b"x" * 500_000 + b"\n")
        line.shutdown(socket.SHUT_WR)
        assert all_of(line) == b"one\ntwo\n" + b"x" * 500_000 + b"\n"


def second_word_is_lost(proxy) -> None:
    """The first word is answered; of the second nothing comes back."""
    with talk(proxy) as line:
        line.sendall(b"one\n")
        assert line.recv(10) == b"one\n"
        line.sendall(b"two\n")
        assert all_of(line) == b""


def test_a_line_is_cut_after_exactly_so_many_bytes_of_either_side(proxy, echo):
    proxy.fault = Fault("cut", at=6)
    second_word_is_lost(proxy)
    until_heard(echo, 2)
    assert echo.heard == [b"one\n", b"tw"]
    proxy.fault = Fault("cut", at=6, of="server")
    with talk(proxy) as line:
        line.sendall(b"one\ntwo\n")
        assert all_of(line) == b"one\ntw"


def test_a_reset_is_a_reset(proxy):
    proxy.fault = Fault("reset", at=2, of="server")
    with talk(proxy) as line:
        line.sendall(b"one\n")
        with pytest.raises(ConnectionResetError):
            all_of(line)


def test_a_word_of_the_client_can_be_lost_or_only_its_answer(proxy, echo):
    proxy.fault = Fault("cut", at=b"two")
    second_word_is_lost(proxy)
    proxy.fault = Fault("cut", after=b"two")
    second_word_is_lost(proxy)
    until_heard(echo, 3)
    assert echo.heard == [b"one\n", b"one\n", b"two\n"]


def test_a_word_in_two_pieces_is_found(proxy):
    proxy.fault = Fault("cut", at=b"two")
    with talk(proxy) as line:
        line.sendall(b"t")
        time.sleep(0.05)
        line.sendall(b"wo\n")
        assert all_of(line) == b""


def test_the_proxy_can_answer_in_the_servers_place(proxy, echo):
    proxy.fault = Fault("say", at=b"two", words=b"no\n")
    with talk(proxy) as line:
        for said, heard in ((b"one\n", b"one\n"), (b"two\n", b"no\n"), (b"three\n", b"three\n")):
            line.sendall(said)
            assert line.recv(10) == heard
    until_heard(echo, 2)
    assert echo.heard == [b"one\n", b"three\n"]


def test_a_line_hangs_until_the_fault_is_taken_away(proxy):
    proxy.fault = Fault("hang", at=4)
    with talk(proxy, 0.2) as line:
        line.sendall(b"one\ntwo\n")
        assert line.recv(10) == b"one\n"
        with pytest.raises(TimeoutError):
            line.recv(10)
        proxy.fault = None
        line.settimeout(5)
        assert line.recv(10) == b"two\n"


def test_a_slow_line_is_as_slow_as_it_says(proxy):
    proxy.fault = Fault("slow", of="server", bytes_per_s=1000)
    with talk(proxy) as line:
        began = time.monotonic()
        line.sendall(b"x" * 199 + b"\n")
        line.shutdown(socket.SHUT_WR)
        assert len(all_of(line)) == 200
        assert 0.15 < time.monotonic() - began < 2


def test_a_fault_strikes_so_many_lines_and_no_more(proxy):
    proxy.fault = Fault("cut", at=0, times=2)
    answers = []
    for _ in range(3):
        with talk(proxy) as line:
            line.sendall(b"one\n")
            line.shutdown(socket.SHUT_WR)
            answers.append(all_of(line))
    assert answers == [b"", b"", b"one\n"]


def test_connections_are_refused_and_then_taken_again_on_the_same_port(proxy):
    with talk(proxy) as line:
        line.sendall(b"up\n")
        assert line.recv(10) == b"up\n"
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            talk(proxy)
        line.sendall(b"still here\n")
        assert line.recv(20) == b"still here\n"
    proxy.listen()
    with talk(proxy) as line:
        line.sendall(b"again\n")
        assert line.recv(20) == b"again\n"


def test_every_line_can_be_ended_at_once(proxy):
    with talk(proxy) as one, talk(proxy) as two:
        for line in (one, two):
            line.sendall(b"up\n")
            assert line.recv(10) == b"up\n"
        assert proxy.end_lines("reset") == 2
        for line in (one, two):
            with pytest.raises(ConnectionResetError):
                line.recv(10)
