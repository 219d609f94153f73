"""Whether an Ogg file ends where its stream ends (RFC 3533, section 6: the page header)."""

import os
from pathlib import Path

_LAST_PAGE = 0x04  # flag of the page that ends a stream
_HEADER = 27  # bytes before the table of segments
_LARGEST_PAGE = _HEADER + 255 + 255 * 255


def ogg_is_complete(path: Path) -> bool:
    """Whether the last page is marked as such, and is there to its last byte."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LARGEST_PAGE))
        tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < _HEADER or not page[5] & _LAST_PAGE:
        return False
    segments = page[_HEADER : _HEADER + page[26]]
    return len(page) >= _HEADER + page[26] + sum(segments)
