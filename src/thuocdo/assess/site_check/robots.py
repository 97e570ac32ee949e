"""robots.txt of a host whose pages are to be looked at (RFC 9309)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.robotparser import RobotFileParser

from thuocdo.assess.fetch import Answer, Failure, Fetcher, target_of

MAX_BYTES: Final = 500 * 1024  # RFC 9309, 2.5
MAX_REDIRECTS: Final = 5  # 2.3.1.2
_FINE: Final = range(200, 300)
_NO_RULES: Final = range(300, 500)  # 2.3.1.3
_DIGITS: Final = 6
"""Of a Crawl-delay: eleven days are as good as for ever."""
_NOTHING: Final = ("User-agent: *", "Disallow: /")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a robots.txt allows us. Unreachable means nothing (2.3.1.4).

    reached  None when there is an answer, whatever it says; else why there is none
    status   of that answer, None when there is none
    """

    address: str
    agent: str
    parser: RobotFileParser
    reached: Failure | None = None
    status: int | None = None

    def allow(self, url: str) -> bool:
        try:
            return self.parser.can_fetch(self.agent, url)
        except ValueError:  # unquoted, it is no address any more
            return False

    @property
    def delay(self) -> float:
        """Seconds between two requests; nobody's standard, and obeyed. 0 where nothing is asked."""
        return float(self.parser.crawl_delay(self.agent) or 0)


async def fetch(fetcher: Fetcher, page_url: str) -> Rules:
    """The rules for the host of a page, as they hold for the fetcher's agent."""
    parts = urlsplit(page_url)
    address = f"{parts.scheme}://{parts.netloc}/robots.txt"
    parser = RobotFileParser()
    found = await _get(fetcher, address)
    if isinstance(found, Answer) and found.status in _FINE:
        parser.parse([line for each in found.text.splitlines() if (line := _readable(each))])
    else:
        is_free = isinstance(found, Answer) and found.status in _NO_RULES
        parser.parse([] if is_free else _NOTHING)
    if isinstance(found, Failure):
        return Rules(address, fetcher.agent, parser, found)
    return Rules(address, fetcher.agent, parser, status=found.status)


def _readable(line: str) -> str:
    """A line as the parser can bear it, which raises for what it cannot read; "" for what nobody can (2.2.2)."""
    name, _, value = line.partition("#")[0].partition(":")
    name, value = name.strip().lower(), value.strip()
    if name == "crawl-delay":
        is_number = value.isascii() and value.isdigit()
        return f"crawl-delay: {value[:_DIGITS]}" if is_number else ""
    if name == "request-rate":
        return ""  # nobody asks for it
    try:
        urlsplit(unquote(value))
    except ValueError:
        return ""
    return line


async def _get(fetcher: Fetcher, address: str) -> Answer | Failure:
    for _ in range(MAX_REDIRECTS):
        found = await fetcher.get(address, max_bytes=MAX_BYTES)
        target = target_of(found) if isinstance(found, Answer) else ""
        if not target:
            break
        address = target
    return found
