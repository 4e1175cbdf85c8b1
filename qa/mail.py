"""E-mail to text: who wrote to whom and when, then the message, then messages within it."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from qa.decoding import decode
from qa.readtext import GAP, ReadText, joined, without_blanks
from qa.webpages import parse_page

HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read_eml(path: Path) -> ReadText:
    """A message and those attached to it. Other attachments are named, not read: save them into the folder."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    texts = list(_messages(message))
    text, starts = joined(texts)
    names = ("message", *(f"attached message {n}" for n in range(1, len(texts))))
    return ReadText(
        text=text,
        page_starts=starts if len(texts) > 1 else (),
        page_names=names if len(texts) > 1 else (),
        title=_header(message, "Subject") or None,
        published_at=_sent(message),
        metadata=without_blanks({"author": _header(message, "From"), "attachments": ", ".join(_attached(message))}),
    )


def _messages(message: EmailMessage) -> Iterator[str]:
    """The text of a message and of every message attached to it."""
    head = "\n".join(f"{name}: {said}" for name in HEADERS if (said := _header(message, name)))
    attached = [f"Attachment, not read: {name}" for name in _attached(message)]
    yield GAP.join(filter(None, [head, *_bodies(message), *attached]))
    for part in message.iter_attachments() if message.is_multipart() else ():
        if part.get_content_type() == "message/rfc822":
            yield from _messages(part.get_content())


def _bodies(message: EmailMessage) -> Iterator[str]:
    """What the message says: as plain text where it has that, else as a page; and text that is attached."""
    body = message.get_body(("plain", "html"))
    attached = message.iter_attachments() if message.is_multipart() else ()
    for part in (body, *attached):
        if part is None or part.get_content_maintype() != "text":
            continue
        said = _decoded(part)
        yield (parse_page(said)[0] if part.get_content_subtype() == "html" else said).strip()


def _decoded(part: EmailMessage) -> str:
    """A part's text by the character set it declares, where that fits, else by the one that is told from its bytes."""
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)  # noqa: S101 - of a part that is text, for the type checker
    try:
        return data.decode(part.get_content_charset("utf-8")).replace("\r\n", "\n")
    except (LookupError, UnicodeError):
        return decode(data).text.replace("\r\n", "\n") if data.strip() else ""


def _attached(message: EmailMessage) -> Iterator[str]:
    """The names of attachments that are neither text nor a message."""
    for part in message.iter_attachments() if message.is_multipart() else ():
        if part.get_content_maintype() not in ("text", "message"):
            yield part.get_filename() or part.get_content_type()


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, LookupError, AttributeError, IndexError):  # Python's parser fails on some damaged headers
        return ""


def _sent(message: EmailMessage) -> str | None:
    try:
        return parsedate_to_datetime(_header(message, "Date")).isoformat()
    except (ValueError, IndexError, OverflowError):
        return None
