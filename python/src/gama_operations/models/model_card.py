"""What a model's folder says of its licence, and of how to cite it: its README.md, as on Hugging Face."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

README = "README.md"
_FENCED_ENTRIES = re.compile(r"^```[^\n]*\n(\s*@\w+\s*\{.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Card:
    """Field by field what the wire's ModelCard says."""

    licence: str | None
    citation: str | None
    source: str


NO_WEIGHTS = Card(None, None, "computed here from the signal: nobody's weights")


def read_card(folder: Path) -> Card:
    """The card of a model's folder.

    The licence is `license` of the front matter (where that is `other`, `license_name` and `license_link`);
    the citation is the first fenced block that begins with a BibTeX entry.
    """
    file = folder / README
    if not file.is_file():
        return Card(None, None, f"its folder has no {README}")
    try:
        licence, citation = _licence(_front_matter(file)), _citation(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        return Card(None, None, f"{README} cannot be read: {' '.join(str(error).split())}")
    absent = [
        *(["`license` in its front matter"] if licence is None else []),
        *(["BibTeX"] if citation is None else []),
    ]
    return Card(licence, citation, f"{README} has no {' and no '.join(absent)}" if absent else README)


def _front_matter(file: Path) -> dict[str, Any]:
    from huggingface_hub.repocard import metadata_load  # with it comes all of the hub's client
    from yaml import YAMLError

    try:
        return metadata_load(file) or {}
    except YAMLError as error:
        raise ValueError(f"its front matter is no YAML: {error}") from error


def _licence(facts: dict[str, Any]) -> str | None:
    stated = facts.get("license")
    if isinstance(stated, list):
        return " AND ".join(str(each) for each in stated) or None
    if stated == "other":
        named = [str(facts[key]) for key in ("license_name", "license_link") if facts.get(key)]
        return ", ".join(named) or "other"
    return str(stated) if stated else None


def _citation(text: str) -> str | None:
    found = _FENCED_ENTRIES.search(text)
    return found[1].strip() if found else None
