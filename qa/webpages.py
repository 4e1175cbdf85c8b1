"""HTML to text and facts. Nothing of a page is run or fetched; what a reader would not see is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from qa.describing import Facts, iso_date, one_day

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

UNREAD = {"script", "style", "noscript", "template", "svg", "iframe", "nav", "footer", "aside", "button", "head"}
BLOCKS = (
    *("address", "article", "blockquote", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption"),
    *("figure", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "ol", "p", "pre", "section"),
    *("summary", "table", "ul"),
)
LINES = ("li", "option", "tr")
CELLS = ("td", "th")

# Separators that no page holds as text, so that white space of the source can be folded around them.
PARAGRAPH, LINE = "\x1e", "\x1f"
SEPARATORS = {**dict.fromkeys((*BLOCKS, *CELLS), PARAGRAPH), **dict.fromkeys((*LINES, "br"), LINE)}

_NOT_DISPLAYED = re.compile(r"display\s*:\s*none", re.I)
_BREAKS = re.compile(rf"[ {PARAGRAPH}{LINE}]*[{PARAGRAPH}{LINE}][ {PARAGRAPH}{LINE}]*")
_NO_SEPARATORS = str.maketrans({PARAGRAPH: " ", LINE: " "})
_SPACES = re.compile(r"[ \t\r\n\f]+")


def parse_page(html: str) -> tuple[str, Facts]:
    """The text of a page, its paragraphs a blank line apart, and what the page says of itself."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "lxml")
    facts = _facts(soup)  # first: parts of it stand in scripts
    return _text(soup), facts


def _text(soup: BeautifulSoup) -> str:
    return _BREAKS.sub(_break, "".join(_pieces(soup.body or soup))).strip(" \n")


def _break(match: re.Match[str]) -> str:
    """A blank line where a paragraph ends, else one line end; lines close each other, `<br><br>` leaves a gap."""
    return "\n\n" if PARAGRAPH in match[0] or match[0].count(LINE) >= 4 else "\n"


def _pieces(root: Tag) -> Iterator[str]:
    """The visible strings below `root`, white space folded, with separators where its elements end.

    One pass without recursion or changes to the tree: pages nest thousands deep and hold tables of 100,000 rows.
    """
    from bs4 import NavigableString, Tag
    from bs4.element import PreformattedString

    waiting: list[object] = [*reversed(root.contents)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Tag):
            if not _is_unread(node):
                separator = SEPARATORS.get(node.name, "")
                waiting += [separator, *reversed(_inside(node)), separator]
        elif isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString):  # comments and declarations
                yield _SPACES.sub(" ", node.translate(_NO_SEPARATORS))
        elif isinstance(node, str):
            yield node


def _inside(tag: Tag) -> list[object]:
    """What stands for a tag's content: itself, or finished text for a row of data and for `<pre>`."""
    if tag.name == "pre":
        return [tag.get_text().translate(_NO_SEPARATORS).replace("\n", LINE)]
    if tag.name != "tr" or tag.find([*BLOCKS, *LINES]):  # a row that holds blocks lays out a page
        return list(tag.contents)
    cells = [" ".join(_BREAKS.sub(" ", "".join(_pieces(cell))).split()) for cell in tag.find_all(CELLS)]
    return [" | ".join(cells)] if any(cells) else []


def _is_unread(tag: Tag) -> bool:
    """True for what a reader of the page does not see, or does not read as its text."""
    hidden = "hidden" in tag.attrs or tag.get("aria-hidden") == "true"
    if tag.name in UNREAD or hidden or _NOT_DISPLAYED.search(str(tag.get("style", ""))):
        return True
    # Some servers wrap the whole page in one form: the article in it is no search box.
    return tag.name == "form" and tag.find(["h1", "article", "main"]) is None


def _facts(soup: BeautifulSoup) -> Facts:
    linked = list(_linked_data(soup))
    titles = (
        *_contents(soup, "meta[property='og:title']"),
        *(tag.get_text(" ") for tag in soup.select("head > title, h1")),
    )
    outlets = (*_contents(soup, "meta[property='og:site_name']"), *(_publisher(item) for item in linked))
    return Facts(_first(titles), _first(outlets), _published(soup, linked))


def _published(soup: BeautifulSoup, linked: list[dict[str, object]]) -> str | None:
    """The day on which the most trustworthy place that gives one agrees with itself."""
    places = (
        _contents(soup, "meta[property='article:published_time']"),
        [str(item.get("datePublished", "")) for item in linked],
        _contents(
            soup, "meta[itemprop=datePublished], meta[name=date i], meta[name=pubdate i], meta[name='dc.date' i]"
        ),
        [str(tag["datetime"]) for tag in soup.select("time[datetime]")],
    )
    days = (one_day(iso_date(written) for written in place) for place in places)
    return next((day for day in days if day), None)


def _contents(soup: BeautifulSoup, selector: str) -> list[str]:
    return [str(tag.get("content") or "") for tag in soup.select(selector)]


def _first(values: Iterable[str]) -> str | None:
    """The first value that is not blank, its white space folded."""
    return next((" ".join(value.split()) for value in values if value.strip()), None)


def _publisher(item: dict[str, object]) -> str:
    publisher = item.get("publisher")
    name = publisher.get("name") if isinstance(publisher, dict) else publisher
    return name if isinstance(name, str) else ""


def _linked_data(soup: BeautifulSoup) -> Iterator[dict[str, object]]:
    """Every object in the page's JSON-LD, outermost first; blocks that do not parse are passed over."""
    for script in soup.select("script[type='application/ld+json']"):
        try:
            found = [json.loads(script.string or "")]
        except (ValueError, RecursionError):
            continue
        for item in found:  # which grows as it is walked
            if isinstance(item, dict):
                yield item
            found += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
