"""Outputs without what another run of the same cell has every right to change."""

import re
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

from notebook_runs.html_text import html_lines
from notebook_runs.pictures import png_size

PLOTLY = "application/vnd.plotly.v1+json"
MEASURED_TAG = "measured"
"""Tag of a cell whose numbers and truths are all measured, of memory, say: its words alone count."""

ANSI = re.compile(r"\x1b\[[0-9;]*m")
MASKS = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\d[\d.]* (?:[^\W\d]+ )*[^\W\d]+/s\b"), "<rate>"),
    (re.compile(r"\d+(?:\.\d+)? (?:ms|s|min|h)\b(?: \d+ (?:s|min)\b)?"), "<time>"),
    (re.compile(r"\d+(?:\.\d+)? (?:[kMG]i?B|bytes)\b"), "<size>"),
)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
MEASURED = re.compile(rf"\+?{NUMBER.pattern}|\b(?:true|false)\b")


def normalise(cell: NotebookNode) -> list[list[str]]:
    """The outputs of a code cell, each as lines of text."""
    measured = MEASURED_TAG in cell.metadata.get("tags", [])
    return [[_mask(line, measured=measured) for line in _lines(output, measured)] for output in _joined(cell)]


def _mask(line: str, *, measured: bool) -> str:
    line = line.replace("\N{MINUS SIGN}", "-")
    for pattern, word in MASKS:
        line = pattern.sub(word, line)
    return MEASURED.sub("#", line) if measured else line


def _joined(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Outputs in order, but what went to one stream in one piece: where it is cut is chance."""
    streams: dict[str, NotebookNode] = {}
    for output in cell.outputs:
        if output.output_type != "stream":
            yield output
        elif output.name in streams:
            streams[output.name].text += output.text
        else:
            streams[output.name] = NotebookNode(output)
    yield from streams.values()


def _lines(output: NotebookNode, measured: bool) -> Iterator[str]:
    yield output.output_type
    if output.output_type == "stream":
        yield output.name
        yield from ANSI.sub("", output.text).splitlines()
    elif output.output_type == "error":
        yield f"{output.ename}: {output.evalue}"
    else:
        yield ", ".join(sorted(output.data))
        for kind, content in sorted(output.data.items()):
            yield from _content(kind, content, output.data, measured)


def _content(kind: str, content: Any, bundle: dict[str, Any], measured: bool) -> Iterator[str]:
    if kind == "text/html":
        yield from html_lines(content)
    elif kind == "image/png":
        yield f"{kind} {png_size(content)}"
    elif kind == PLOTLY and measured:
        yield from (f"{trace.get('type')} {trace.get('name')}" for trace in content["data"])
    elif isinstance(content, str):
        # The plain form of HTML says the same in columns that cannot be told apart any more.
        if kind != "text/plain" or "text/html" not in bundle:
            yield from content.splitlines()
    else:
        yield from _flat(content, kind)


def _flat(value: Any, path: str) -> Iterator[str]:
    """JSON as one line for each list of plain values and for each single one."""
    if isinstance(value, dict):
        for key, item in sorted(value.items()):
            yield from _flat(item, f"{path}.{key}")
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}[{index}]")
    else:
        yield f"{path}: {value}"
