"""Print the protocol as JSON Schema: `python -m gama_operations.protocol_export`.

msgspec writes the schema of the Structs; two things are added, since msgspec cannot see them:
the docstrings that stand below fields and aliases (they are read from the source), and the names
of the aliases (`Audio`, `ErrorCode` …), which msgspec writes out in full at each use.
The output is the same for every hash seed.
"""

import ast
import inspect
import sys
from pathlib import Path
from typing import Any

import msgspec

from gama_operations import protocol

ALIASES: tuple[str, ...] = (
    "Capability",
    "DType",
    "Attention",
    "Pooling",
    "Quantization",
    "Weights",
    "LongAudio",
    "Preset",
    "ErrorCode",
    "Audio",
    "Id",
    "TensorType",
    "Claim",
    "VerdictWord",
    "Family",
)

Schema = dict[str, Any]


def _docstring_after(body: list[ast.stmt], position: int) -> str | None:
    """The bare string that stands below a statement."""
    match body[position + 1 : position + 2]:
        case [ast.Expr(value=ast.Constant(value=str() as text))]:
            return inspect.cleandoc(text)
        case _:
            return None


def read_docstrings() -> dict[str, str]:
    """Docstrings of fields (`Struct.field`) and of module-level names, from the sources of `protocol/`."""
    found: dict[str, str] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for position, statement in enumerate(body):
            match statement:
                case ast.ClassDef():
                    visit(statement.body, f"{statement.name}.")
                case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                    if text := _docstring_after(body, position):
                        found[prefix + name] = text
                case _:
                    pass

    for path in sorted(Path(protocol.__file__).parent.glob("*.py")):
        visit(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return found


def _name_aliases(node: Any, aliases: dict[str, Any]) -> Any:
    """Replace every schema that equals an alias, alone or as part of a union, by a reference to it."""
    match node:
        case dict():
            for name, alias in aliases.items():
                keys = alias.keys()
                if keys <= node.keys() and all(node[key] == alias[key] for key in keys):
                    rest = {key: value for key, value in node.items() if key not in keys}
                    return {"$ref": f"#/$defs/{name}", **rest}
                options = alias.get("anyOf")
                if options and node.get("anyOf", [])[: len(options)] == options:
                    others = node["anyOf"][len(options) :]
                    return node | {"anyOf": [{"$ref": f"#/$defs/{name}"}, *_name_aliases(others, aliases)]}
            return {key: _name_aliases(value, aliases) for key, value in node.items()}
        case list():
            return [_name_aliases(value, aliases) for value in node]
        case _:
            return node


def _complete(node: Any) -> Any:
    """Undo what JSON Schema leaves implicit: indented docstrings, and objects that may hold anything."""
    match node:
        case {"type": "object", **rest} if not {"properties", "additionalProperties"} & rest.keys():
            return node | {"additionalProperties": True}
        case dict():
            completed = {key: _complete(value) for key, value in node.items()}
            if isinstance(completed.get("description"), str):
                completed["description"] = inspect.cleandoc(completed["description"])
            return completed
        case list():
            return [_complete(value) for value in node]
        case _:
            return node


def _describe(components: Schema, docstrings: dict[str, str]) -> None:
    """Add the docstrings of fields and aliases."""
    for name, schema in components.items():
        if name in docstrings:
            schema["description"] = docstrings[name]
        for field, struct_field in zip(schema.get("properties", {}), _attributes(name), strict=False):
            if text := docstrings.get(f"{name}.{struct_field}"):
                schema["properties"][field]["description"] = text


def _attributes(name: str) -> list[str]:
    """Attribute names of a Struct in the order of its properties (the tag, if any, comes first)."""
    struct = getattr(protocol, name)
    if not isinstance(struct, type):
        return []
    tag = [struct.__struct_config__.tag_field] if struct.__struct_config__.tag else []  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] # a Struct
    return tag + list(struct.__struct_fields__)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] # a Struct


def export_schema() -> Schema:
    """The whole protocol: `$defs`, the table of operations, and the constants of the wire."""
    rows = protocol.OPERATIONS.values()
    structs = [struct for row in rows for struct in (row.data, row.result, row.part) if struct is not None]
    roots = [*structs, protocol.Request, *protocol.MESSAGES]
    names = [getattr(protocol, name) for name in ALIASES]
    schemas, components = msgspec.json.schema_components([*names, *roots], ref_template="#/$defs/{name}")
    aliases = dict(zip(ALIASES, schemas, strict=False))
    definitions = {name: _name_aliases(_complete(schema), aliases) for name, schema in components.items()}
    definitions |= {name: {"title": name, **schema} for name, schema in aliases.items()}
    _describe(definitions, read_docstrings())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "protocol": protocol.PROTOCOL_VERSION,
        "maxLineBytes": protocol.MAX_LINE_BYTES,
        "operations": {
            name: {
                "data": row.data.__name__,
                "result": row.result.__name__,
                "part": row.part.__name__ if row.part else None,
                "repeatable": row.repeatable,
                "immediate": row.immediate,
            }
            for name, row in protocol.OPERATIONS.items()
        },
        "messages": [struct.__name__ for struct in protocol.MESSAGES],
        "$defs": dict(sorted(definitions.items())),
    }


def main() -> None:
    """Write the schema to standard output."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(export_schema()), indent=2) + b"\n")


if __name__ == "__main__":
    main()
