"""A browser as far as figures need one: it keeps its connection and its cookies, and measures."""

import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

BOUNDARY = "----a-form-of-the-bench"
IDLE_MAX_S = 1.0
WARM_UP = 6
TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


@dataclass(frozen=True)
class Reply:
    """What came back, and the seconds from the request's first byte to the answer's last."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


@dataclass
class Browser:
    """One connection to a web server on loopback."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = None
    _used_at: float = 0.0

    def get(self, path: str, **headers: str) -> Reply:
        """Fetch a page. Raises RuntimeError when it is none."""
        return self._ask("GET", path, None, headers, (200,))

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Reply:
        """Send a form as a browser does; the answer is the redirect (or the page, for htmx)."""
        headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        return self._ask("POST", path, multipart(fields), headers, (200, 204, 302, 303))

    def token(self, path: str) -> str:
        """The form token of the page at `path`, good for all forms of this browser."""
        found = TOKEN.search(self.get(path).body.decode())
        if found is None:
            raise RuntimeError(f"There is no form token at {path}")
        return found.group(1)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str], good: tuple[int, ...]) -> Reply:
        sent = {"Accept": "text/html", "Accept-Encoding": "gzip", **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        found = self._once(method, path, body, sent)
        if found.status not in good:
            raise RuntimeError(f"{method} {path} gave {found.status}: {found.body[:500]!r}")
        return found

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        # The server hangs up on who says nothing for two seconds.
        if time.monotonic() - self._used_at > IDLE_MAX_S:
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self._connection.connect()
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        read = response.read()
        took, self._used_at = time.perf_counter() - began, time.monotonic()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Reply(response.status, {key.lower(): value for key, value in response.headers.items()}, read, took)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def multipart(fields: dict[str, str]) -> bytes:
    """The fields of a form with an empty file box, as a browser writes them (RFC 7578)."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename=""\r\n'
        "Content-Type: application/octet-stream\r\n\r\n\r\n"
    )
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


def p50_p95(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds."""
    if len(seconds) < 2:
        return seconds[0] * 1000, seconds[0] * 1000
    return statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=20)[-1] * 1000


def timed(ask: Callable[[], Reply], rounds: int, warm_up: int = WARM_UP) -> list[float]:
    """Seconds of each of `rounds` requests, one after the other, after some that do not count."""
    for _ in range(warm_up):
        ask()
    return [ask().seconds for _ in range(rounds)]


def requests_a_second(browsers: Sequence[Browser], path: str, count: int) -> float:
    """`count` requests for `path`, as many at once as there are browsers."""
    each = max(1, count // len(browsers))
    ready = threading.Barrier(len(browsers) + 1)

    def work(browser: Browser) -> None:
        # By then every thread of the server that answers us has its connection to the database.
        for _ in range(WARM_UP):
            browser.get(path)
        ready.wait()
        for _ in range(each):
            browser.get(path)

    threads = [threading.Thread(target=work, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return each * len(browsers) / (time.perf_counter() - began)
