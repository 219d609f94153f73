"""papermill's translator for TypeScript."""

import re
from typing import TypedDict

from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator

from grym_papermill.values import to_typescript

RESERVED = frozenset(
    re.findall(
        r"\w+",
        """arguments await break case catch class const continue debugger default delete do else enum eval
        export extends false finally for function if implements import in instanceof interface let new null
        package private protected public return static super switch this throw true try typeof undefined var
        void while with yield NaN Infinity globalThis""",
    )
)
"""What no `let` of a module may be called (ECMA-262 §12.7.2), and globals that cannot be declared again."""

DECLARATION = re.compile(
    r"^(?:export\s+)?(?:const|let|var)\s+(?P<name>[\w$]+)\s*(?::\s*(?P<type>[^=]+?))?\s*"
    r"=\s*(?P<value>.*?)\s*;?\s*(?://\s*(?P<help>.*?))?\s*$"
)


class ParameterNameError(PapermillException):
    """A parameter has a name that no variable of TypeScript can have."""


class Cell(TypedDict):
    """The part of a notebook's cell that is read here."""

    source: str


class TypeScriptTranslator(Translator):
    """Writes the injected cell: a comment, and one declaration a line."""

    @classmethod
    def translate(cls, val: object) -> str:
        """An expression; see `to_typescript` for the kinds of values and what it raises."""
        return to_typescript(val)

    @classmethod
    def comment(cls, cmt_str: str) -> str:
        """Line comments: a block comment would end at a `*/` of the text."""
        return "\n".join(f"// {line}".rstrip() for line in cmt_str.splitlines() or [""])

    @classmethod
    def assign(cls, name: str, str_val: str) -> str:
        """Declare a parameter, with `let`: the type of `const mode = "fast"` would be "fast" alone.

        Raises:
            ParameterNameError: the name is no identifier, or a reserved word.

        """
        if name in RESERVED or not name.replace("$", "_").isidentifier():
            raise ParameterNameError(
                f'A parameter is called "{name}", which no variable of TypeScript can be; rename it'
            )
        return f"let {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell: Cell) -> list[Parameter]:
        """Parameters with default, declared type and comment, for `papermill --help-notebook`.

        A default that goes on over several lines is shown by its first one.
        """
        found = map(DECLARATION.match, parameters_cell["source"].splitlines())
        return [
            Parameter(
                name=match["name"],
                inferred_type_name=match["type"] or "None",
                default=match["value"],
                help=match["help"] or "",
            )
            for match in found
            if match is not None
        ]
