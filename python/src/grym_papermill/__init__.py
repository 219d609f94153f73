"""Parameters of papermill, written as TypeScript.

papermill knows entry points for engines and none for translators (`papermill/engines.py`, version 2.7):
the engine that pyproject.toml names brings ours with its import.
"""

from importlib import import_module

# Importing papermill loads our entry point. It has to come first, whichever of our modules is asked
# for, or that module would be asked for again before it is whole.
import_module("papermill")
