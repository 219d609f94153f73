"""Compares our GAMA with reference numbers of the official code: `python -m gama_operations.conformance DIR`.

DIR holds inputs, weights, every intermediate and tolerances (`models/gama/reference.py`). Prints a row per
quantity with the largest difference over all cases and the tolerance. The same cases follow as one
left-padded batch, with merged LoRA, and in bfloat16 (there the difference is relative,
`models/gama/other_forms.py`). Also compares names, shapes and parameter counts of the released size, on the
meta device; the list of names is read from `gama-official-full-size-keys.json` beside DIR, if it is there.
Exit status: 0 all within tolerance, 1 one is exceeded, 2 DIR cannot be read or is damaged.
"""

import argparse
import json
import sys
from pathlib import Path

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.comparison import Comparison
from gama_operations.models.gama.differences import Differences
from gama_operations.models.gama.full_size import OFFICIAL_COUNTS, counts, full_size_model, saved_tensors
from gama_operations.models.gama.reference import ReferenceFolder

FULL_SIZE_KEYS = "gama-official-full-size-keys.json"


def main(arguments: list[str] | None = None) -> int:
    """Runs the comparison and prints its table."""
    parser = argparse.ArgumentParser(prog="python -m gama_operations.conformance", description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of reference numbers")
    folder: Path = parser.parse_args(arguments).folder

    try:
        comparison = Comparison(ReferenceFolder.read(folder))
        differences = comparison.run()
        notes = add_full_size(differences, folder.resolve().parent / FULL_SIZE_KEYS)
    except ModelInvalidError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyError as error:  # a case of expected.json without its tensors, or the other way round
        sys.stderr.write(f"{folder} is incomplete: it lacks {error}\n")
        return 2
    exceeded = sum(not row.passed for row in differences.rows.values())
    verdict = f"{exceeded} of {len(differences.rows)} quantities exceed their tolerance"
    sys.stdout.write("\n".join([differences.table(), *notes, verdict, ""]))
    return 0 if differences.passed else 1


def add_full_size(differences: Differences, keys: Path) -> list[str]:
    """Adds the rows of the released size; returns what could not be compared, and why."""
    model = full_size_model()
    for part, count in counts(model).items():
        differences.add(f"full size: parameters, {part}", "meta", abs(count - OFFICIAL_COUNTS[part]), 0.0)
    if not keys.is_file():
        return [f"full size: names and shapes not compared, there is no {keys}"]
    ours = {(name, tensor.shape, tensor.in_checkpoint) for name, tensor in saved_tensors(model).items()}
    stated = {
        (name, tuple(entry["shape"]), entry["in_checkpoint"])
        for name, entry in json.loads(keys.read_text()).items()
    }
    differences.add(f"full size: {len(stated)} names and shapes", "meta", len(ours ^ stated), 0.0)
    return []


if __name__ == "__main__":
    sys.exit(main())
