"""Licence and citation of models, from the cards of their folders."""

from pathlib import Path

import pytest

from gama_operations.models.model_card import Card, read_card
from gama_operations.models.registry import WEIGHTS

BIBTEX = "@article{a-2024,\n  title = {A},\n}\n\n@misc{b-2025,\n  title = {B},\n}"


def card(folder: Path, text: str) -> Card:
    (folder / "README.md").write_text(text, encoding="utf-8")
    return read_card(folder)


@pytest.mark.parametrize(
    ("stated", "licence"),
    [
        ("license: apache-2.0", "apache-2.0"),
        ("license:\n- mit\n- cc-by-4.0", "mit AND cc-by-4.0"),
        (
            "license: other\nlicense_name: own\nlicense_link: https://example.org/own",
            "own, https://example.org/own",
        ),
        ("license: other", "other"),
    ],
)
def test_the_licence_is_that_of_the_front_matter(tmp_path, stated, licence):
    found = card(tmp_path, f"---\n{stated}\n---\n\n# A model\n")
    assert (found.licence, found.citation) == (licence, None)
    assert found.source == "README.md has no BibTeX"


def test_the_citation_is_the_first_fenced_block_of_bibtex(tmp_path):
    others = ("```python\nmodel = load()\n```", f"```bibtex\n{BIBTEX}\n```", "```\n@misc{c}\n```")
    text = "\n\n".join(["---\nlicense: mit\n---", *others])
    assert card(tmp_path, text) == Card("mit", BIBTEX, "README.md")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# A model\n", "README.md has no `license` in its front matter and no BibTeX"),
        ("---\nlicense: [mit\n---\n", "README.md cannot be read: its front matter is no YAML"),
        ("---\n- a\n- b\n---\n", "README.md cannot be read: "),
    ],
)
def test_what_is_not_there_is_told_with_the_reason(tmp_path, text, reason):
    found = card(tmp_path, text)
    assert (found.licence, found.citation) == (None, None)
    assert found.source.startswith(reason)


def test_a_folder_without_a_card_and_one_of_other_bytes_cost_no_model(tmp_path):
    assert read_card(tmp_path).source == "its folder has no README.md"
    (tmp_path / "README.md").write_bytes(b"---\nlicense: \xff\n---\n")
    assert "cannot be read" in read_card(tmp_path).source


@pytest.mark.parametrize("name", ["gama-tiny", "wav2vec2-tiny"])
def test_the_shipped_models_say_both(name):
    found = read_card(WEIGHTS / name)
    assert (found.licence, found.source) == ("apache-2.0", "README.md")
    assert found.citation is not None
    assert found.citation.startswith(f"@misc{{grym-synth-{name},")
