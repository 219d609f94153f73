"""What holds for every suite."""

import sys

# With it jsonschema, which nbformat brings, builds a grammar of internationalised addresses: seconds in each
# process, for a check that no schema of ours asks for. Without it jsonschema leaves that check out.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment] # Python's way to say that there is none
