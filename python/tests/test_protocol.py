"""The corpus of messages, and the schema that TypeScript is generated from.

Every file of `fixtures/protocol` is decoded here by msgspec, and by vitest against the exported schema.
"""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gama_operations import errors, protocol
from gama_operations.protocol_export import export_schema, read_docstrings

CORPUS = Path(__file__).parent / "fixtures" / "protocol"
REJECTED = sorted((CORPUS / "rejection").glob("*/*.json"))
ACCEPTED = [file for file in sorted(CORPUS.glob("*/*.json")) if file not in REJECTED]


def named(file):
    return f"{file.parent.name}/{file.stem}"


def type_of(file):
    return getattr(protocol, file.parent.name)


@pytest.mark.parametrize("file", ACCEPTED, ids=named)
def test_a_message_of_the_corpus_decodes_and_survives_a_round_trip(file):
    message = msgspec.json.decode(file.read_bytes(), type=type_of(file))
    assert msgspec.json.decode(msgspec.json.encode(message), type=type_of(file)) == message


@pytest.mark.parametrize("file", REJECTED, ids=named)
def test_a_message_that_the_corpus_rejects_does_not_decode(file):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(file.read_bytes(), type=type_of(file))


def test_the_corpus_holds_every_type_that_is_sent_or_answered():
    rows = protocol.OPERATIONS.values()
    sent = {struct.__name__ for row in rows for struct in (row.data, row.result, row.part) if struct}
    sent |= {struct.__name__ for struct in (protocol.Request, *protocol.MESSAGES)}
    assert sent - {file.parent.name for file in ACCEPTED} == set()


def test_every_reference_of_the_schema_leads_somewhere():
    schema = export_schema()

    def references(node):
        if isinstance(node, dict):
            yield from [node["$ref"]] if "$ref" in node else []
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    wanted = {reference.removeprefix("#/$defs/") for reference in references(schema)}
    assert wanted - schema["$defs"].keys() == set()


def test_field_docstrings_reach_the_schema():
    docstrings = read_docstrings()
    definitions = export_schema()["$defs"]
    fields = {name: text for name, text in docstrings.items() if name.split(".")[0] in definitions}
    fields = {name: text for name, text in fields.items() if "." in name}
    assert len(fields) > 30
    for name, text in fields.items():
        struct, field = name.split(".")
        assert definitions[struct]["properties"][field]["description"] == text


def test_the_schema_is_the_same_under_every_hash_seed():
    outputs = {
        subprocess.run(
            [sys.executable, "-m", "gama_operations.protocol_export"],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1


def test_every_error_code_has_one_class_except_internal():
    classes = errors.OperationError.__subclasses__()
    codes = [found.code for found in classes if found.code != "internal"]
    assert sorted(codes) == sorted(set(protocol.ErrorCode.__args__) - {"internal"})


def test_the_tree_in_the_docstring_names_every_class_with_its_code():
    for found in errors.OperationError.__subclasses__():
        line = next(line for line in errors.__doc__.splitlines() if f" {found.__name__} " in line)
        assert line.split()[-1] == found.code
