"""Executes the notebooks headless with our kernel; `npm run notebooks` and `npm test` call it.

    python scripts/notebooks.py [--quick] [--write] [--junit FILE] [--kernel NAME] [NAME ...]

A full run on the default data is compared with what is stored, without times, ids and the bytes of pictures.

--quick   sets GRYM_QUICK=1: fewer clips, same cells, same assertions where they can hold; not compared
--write   stores the outputs where they differ from the stored ones (full runs only, one after the other, so
          that the times in them are those of a notebook alone)
--kernel  another kernel than ours: "tslab"; not compared
"""

import argparse
import os
import sys
from pathlib import Path

from notebook_runs.checks import Mode, check_all
from notebook_runs.execute import KERNEL
from notebook_runs.junit import Case, write_junit
from notebook_runs.pool import cores

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"


def main() -> int:
    """Exit code 1 when a notebook fails or none was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--junit", type=Path)
    parser.add_argument("--kernel", default=KERNEL)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.write and (options.quick or options.kernel != KERNEL):
        parser.error("--write stores full runs of our kernel only")
    os.environ["JUPYTER_PATH"] = str(ROOT / ".venv" / "share" / "jupyter")
    if options.quick:
        os.environ["GRYM_QUICK"] = "1"
    paths = [
        p
        for p in sorted(NOTEBOOKS.glob("*.ipynb"))
        if not options.names or any(n in p.name for n in options.names)
    ]
    usual = options.kernel == KERNEL and not options.quick and not os.environ.get("GRYM_DATASET")
    mode = Mode(compare=usual and not options.write, write=options.write, kernel=options.kernel)
    cases: list[Case] = []
    for found in check_all(paths, mode, limit=1 if options.write else cores()):
        cases += found
        ran = found[0]
        failed = any(case.problem is not None for case in found)
        word = "skipped" if ran.skipped else "FAILED " if failed else "ok     "
        print(f"{word} {ran.name} {ran.skipped or f'{ran.seconds:.1f} s'}", flush=True)
        for case in found:
            if case.problem is not None:
                print(f"{case.name}: {case.problem}", file=sys.stderr, flush=True)
    if options.junit is not None:
        write_junit(options.junit, cases)
    return 0 if any(not case.skipped for case in cases) and all(case.problem is None for case in cases) else 1


if __name__ == "__main__":
    sys.exit(main())
