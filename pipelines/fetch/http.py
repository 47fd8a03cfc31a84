"""How this product speaks to a publisher's server: politely, patiently, and under its own name.

Belongs here: the client and its policy of waiting and retrying. Does not belong here: what is asked for and
what is done with the answer (finding.py, downloading.py), addresses (sources/*.yml).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import NewConnectionError
from urllib3.util import Retry

from pipelines import settings
from pipelines.errors import Fault

TRY_AGAIN = (429, 500, 502, 503, 504)
SCHEMES = ("https", "http")
PIECE = 256 * 1024
T = TypeVar("T")


@dataclass(frozen=True)
class Policy:
    """How long to wait and how often to try; all durations in seconds.

    attempts: of one request, the first included. back_off: before the second attempt, doubled each time, plus at
    most jitter. longest_wait: whatever the server's Retry-After asks for. longest_answer: of one body, however
    steadily it trickles. between: least distance of two requests to one host; None: as in the settings. sleep and
    clock: given by tests, so that these need not wait.
    """

    attempts: int = 5
    back_off: float = 1.0
    jitter: float = 1.0
    longest_wait: float = 300.0
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    longest_answer: float = 3600.0
    between: float | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failed attempts."""
        return min(self.back_off * 2 ** max(failures - 1, 0), self.longest_wait) + random.uniform(0, self.jitter)


class Client(requests.Session):
    """A requests session that waits between requests, tries again, and never leaves http and https.

    A host that could not be reached at all, after all attempts, is not tried again.
    """

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy = policy
        self._between: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._unreachable: dict[str, requests.ConnectionError] = {}
        self.headers["User-Agent"] = user_agent()
        self.proxies = dict.fromkeys(SCHEMES, proxy) if (proxy := settings.proxy()) else {}
        for scheme in SCHEMES:
            self.mount(f"{scheme}://", HTTPAdapter(max_retries=_Patience.of(policy)))

    def keep_apart(self, url: str, seconds: float) -> None:
        """Sets a longer distance for the host of this URL than the policy's."""
        host = urlsplit(url).netloc
        self._between[host] = max(seconds, self._between.get(host, 0.0))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """As in requests, with timeouts; a proxy of the settings goes before those of the environment."""
        kwargs.setdefault("timeout", (self.policy.connect_timeout, self.policy.read_timeout))
        kwargs.setdefault("proxies", self.proxies)
        return super().request(method, url, *args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """One request; redirects come through here as well, and wait for the host that they lead to."""
        host = urlsplit(str(request.url)).netloc
        if host in self._unreachable:
            raise self._unreachable[host]
        self._wait_for(host)
        try:
            return super().send(request, **kwargs)
        except requests.ConnectionError as error:
            if _is_unreachable(error):
                self._unreachable.setdefault(urlsplit(str(error.request.url)).netloc, error)
            raise

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Raises Fault where a redirect leads away from http and https."""
        target = super().get_redirect_target(resp)
        if target:
            require_http(urljoin(resp.url, target), f"redirect from {resp.url}")
        return target

    def _wait_for(self, host: str) -> None:
        between = self.policy.between if self.policy.between is not None else settings.seconds_between_requests()
        between = max(between, self._between.get(host, 0.0))
        waited = self.policy.clock() - self._last.get(host, float("-inf"))
        if waited < between:
            self.policy.sleep(between - waited)
        self._last[host] = self.policy.clock()


class _Patience(Retry):
    """urllib3's retries with the waiting of our policy: it would repeat the first failure at once."""

    policy: Policy

    @classmethod
    def of(cls, policy: Policy) -> _Patience:
        """Retries of failed connections, timeouts and passing troubles of the server."""
        retry = cls(
            total=policy.attempts - 1,
            status_forcelist=TRY_AGAIN,
            raise_on_status=False,
            retry_after_max=int(policy.longest_wait),
        )
        retry.policy = policy
        return retry

    def new(self, **changed: Any) -> _Patience:
        """urllib3 makes a new object for each attempt."""
        retry = super().new(**changed)
        retry.policy = self.policy
        return retry

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """As long as the server asks for, otherwise as long as the policy says."""
        asked = self.get_retry_after(response) if response is not None else None
        self.policy.sleep(asked or self.policy.pause(len(self.history)))


def client(policy: Policy | None = None) -> Client:
    """The client for all requests of one run; without a policy, the one for real servers."""
    return Client(policy or Policy())


def user_agent() -> str:
    """Names the product and whom to write to: some publishers refuse requests that do not say."""
    return f"NHS-IMPACT-Warehouse/{version('nhs-impact-warehouse')} (contact: {settings.contact() or 'not given'})"


class BrokenOff(Exception):
    """An answer that ended too early, or that is not whole."""


def whole_answer(client: Client, where: str, url: str, ask: Callable[[], T]) -> T:
    """What `ask` makes of the answer of this URL; asked again where the body breaks off.

    Raises Fault where no whole answer came after all attempts, or the address is not http or https.
    """
    require_http(url, where)
    for attempt in range(1, client.policy.attempts + 1):
        try:
            return ask()
        except BrokenOff as error:
            reason = str(error)
        except requests.RequestException as error:
            raise no_answer(where, url, error) from error
        if attempt < client.policy.attempts:
            client.policy.sleep(client.policy.pause(attempt))
    raise Fault(
        where,
        f"{reason}, {client.policy.attempts} times, from {url}",
        "a whole answer",
        "a bad connection, or a file that the publisher is just replacing",
        "try again later, or download by hand and use `--from`",
    )


def body(client: Client, response: requests.Response, where: str, max_bytes: int) -> Iterator[bytes]:
    """The body piece by piece.

    Raises BrokenOff where it ends early, Fault where it is larger than allowed or takes too long.
    """
    length, received, started = declared_length(response), 0, client.policy.clock()
    _refuse_too_large(where, length or 0, max_bytes)
    try:
        for piece in response.iter_content(PIECE):
            received += len(piece)
            _refuse_too_large(where, received, max_bytes)
            _refuse_too_slow(where, received, client.policy, started)
            yield piece
    except requests.RequestException as error:
        of = f" of {length:,}" if length else ""
        raise BrokenOff(f"the body broke off after {received:,}{of} bytes ({type(error).__name__})") from error


def declared_length(response: requests.Response) -> int | None:
    """The size that the server tells, in bytes; None where it tells none or a strange one."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _refuse_too_large(where: str, size: int, max_bytes: int) -> None:
    if size <= max_bytes:
        return
    raise Fault(
        where,
        f"{size:,} bytes or more",
        f"at most {max_bytes:,} bytes",
        "another file under this address, or a series that grew",
        "look at the file; if it is right, raise `fetch.max_bytes` in the source YAML",
    )


def _refuse_too_slow(where: str, received: int, policy: Policy, started: float) -> None:
    if policy.clock() - started <= policy.longest_answer:
        return
    raise Fault(
        where,
        f"{received:,} bytes after {policy.longest_answer:,.0f} seconds, and not yet the end",
        "a whole answer within that time",
        "a server that is overloaded, or a very slow connection",
        "try again later, or download by hand and use `--from`",
    )


def require_http(url: str, where: str) -> None:
    """Raises Fault where the address is of another kind than http or https."""
    if urlsplit(url).scheme in SCHEMES:
        return
    raise Fault(
        where,
        f"the address {url}",
        "an address that begins with https:// or http://",
        "a slip in the source YAML, or a page that somebody tampered with",
        "open the page and correct `fetch` in the source YAML",
    )


def no_answer(where: str, url: str, error: requests.RequestException) -> Fault:
    """What to say where no answer came, after all attempts; of a host that cannot be reached, always the same."""
    place = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" if _is_unreachable(error) else url
    return Fault(
        where,
        f"no answer from {place}: {type(error).__name__}: {error}",
        "an answer of the publisher's server",
        "the server is down or slow, this machine is not on the internet, or it needs a proxy",
        "try again later; set IMPACT_PROXY where a proxy is needed, and REQUESTS_CA_BUNDLE where it shows a "
        "certificate of its own; or download by hand and use `--from`",
    )


def _is_unreachable(error: requests.RequestException) -> bool:
    """Whether the name of the host is not known, or nobody answers there."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def wrong_status(where: str, response: requests.Response) -> Fault:
    """What to say of an answer other than 200, after all attempts."""
    return Fault(
        where,
        f"status {response.status_code} {response.reason} from {response.url}",
        "status 200",
        LIKELY.get(response.status_code, "the server is in trouble" if response.status_code >= 500 else "a moved page"),
        "open the address in a browser; correct `fetch` in the source YAML, or download by hand and use `--from`",
    )


LIKELY = {
    401: "a key that is missing or not valid",
    403: "the server turns away programs that do not say who they are: set IMPACT_CONTACT",
    404: "the publisher renamed or removed it",
    410: "the publisher removed it",
    429: "too many requests: set IMPACT_SECONDS_BETWEEN_REQUESTS higher",
}
