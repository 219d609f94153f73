"""What a piece of HTML says, not how it looks: one line for each row of a table and each block of text."""

import base64
import hashlib
import re
from html.parser import HTMLParser

from notebook_runs.pictures import png_size

MEASURED_COLUMN = re.compile(r"\b(?:ms|s|seconds?|[kMG]i?B|bytes)\b")
"""Units in the head of a column whose numbers are times or sizes in memory: another run has others."""

BLOCKS = frozenset(
    ("div", "p", "tr", "table", "caption", "li", "details", "summary", "audio", "img", "br", "pre")
)


def html_lines(source: str) -> list[str]:
    """Lines of text; cells of a row are separated by ` | `, cells of measured columns are `#`."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._text: list[str] = []
        self._row: list[str] | None = None
        self._measured: list[bool] = []
        self._is_head = False
        self._hidden = False

    def finished(self) -> list[str]:
        self._flush()
        return self._lines

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._measured = []
        if tag in BLOCKS and self._row is None:
            self._flush()
        if tag == "tr":
            self._row, self._is_head = [], False
        if tag in ("td", "th"):
            self._text = []
            self._is_head = self._is_head or tag == "th"
        if tag in ("style", "script"):
            self._hidden = True
        for name, value in attrs:
            if name == "src":
                self._text.append(f"<{tag} {_source(value or '')}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._row is not None:
            self._row.append(self._taken())
        elif tag == "tr" and self._row is not None:
            self._end_row(self._row)
        elif tag in ("style", "script"):
            self._hidden = False
        elif tag in BLOCKS and self._row is None:
            self._flush()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._text.append(data)

    def _end_row(self, row: list[str]) -> None:
        self._row = None
        if self._is_head and not self._measured:
            self._measured = [MEASURED_COLUMN.search(cell) is not None for cell in row]
        elif len(row) == len(self._measured):
            row = ["#" if hide else cell for cell, hide in zip(row, self._measured, strict=True)]
        self._lines.append(" | ".join(row))

    def _taken(self) -> str:
        text = " ".join("".join(self._text).split())
        self._text = []
        return text

    def _flush(self) -> None:
        text = self._taken()
        if text:
            self._lines.append(text)


def _source(address: str) -> str:
    """Short for what an address holds: pictures by their size, other data by its hash."""
    head, comma, body = address.partition(",")
    if not head.startswith("data:") or not comma:
        return address
    kind = head.removeprefix("data:").split(";")[0]
    if kind == "image/png":
        return f"{kind} {png_size(body)}"
    if kind.startswith("image/"):
        return kind
    return f"{kind} {hashlib.sha256(base64.b64decode(body.partition('#')[0])).hexdigest()[:12]}"
