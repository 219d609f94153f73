"""The entry point `papermill.engine`."""

from papermill.engines import NBClientEngine
from papermill.translators import papermill_translators

from grym_papermill.translator import TypeScriptTranslator

# By kernel and by language, so that a notebook of another TypeScript kernel takes parameters, too.
papermill_translators.register("grym-synth", TypeScriptTranslator)
papermill_translators.register("typescript", TypeScriptTranslator)


class GrymSynthEngine(NBClientEngine):
    """What `papermill --engine grym-synth` runs: papermill's own engine, as without the option."""
