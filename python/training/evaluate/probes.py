"""Probes of the shipped encoders against plain mel statistics, from the folder `python/`:

python -m training.evaluate.probes                               # both models, every set
python -m training.evaluate.probes --model wav2vec2-tiny --set words
"""

import argparse
import sys
from typing import Any

import torch

from training.evaluate.card import write_card
from training.evaluate.evidence import keep_probe
from training.evaluate.intervals import text
from training.evaluate.probe_report import probe_report
from training.evaluate.probe_sets import PROBE_SETS
from training.evaluate.results import save_result
from training.export import SHIPPED, WEIGHTS


def printed(report: dict[str, Any]) -> str:
    """The chosen arms and their differences, a line each."""
    size = (
        f"{report['clips']} clips, {report['sources']} sources, {report['classes']} classes, "
        f"majority {report['majority']:.3f}"
    )
    lines = [f"## {report['model']} {report['revision']}: {report['set']} ({size}; {report['about']})"]
    lines += [f"  {row['arm']}: {text(row)} by {', '.join(row['choices'])}" for row in report["chosen"]]
    lines += [
        f"  {row['a']} - {row['b']}: {text(row)} p={row['p']} {row['reason'] or ''}"
        for row in report["paired"]
    ]
    lines += [
        f"    {row['features']} {row['layer']} {row['pooling']} {row['probe']}: {text(row)}"
        for row in report["rows"]
    ]
    return "\n".join(lines)


def main() -> int:
    """Probes, prints and stores."""
    parser = argparse.ArgumentParser(description="Probe the shipped encoders.")
    parser.add_argument("--model", choices=SHIPPED, action="append")
    parser.add_argument("--set", choices=sorted(PROBE_SETS), action="append")
    parser.add_argument("--write", action="store_true", help="store probes.json and the card")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for question in options.set or PROBE_SETS:
        clips = PROBE_SETS[question]()
        for name in options.model or SHIPPED:
            report = probe_report(name, clips)
            path = save_result(f"probe-{question}-{name}", report["revision"], report)
            if options.write:
                keep_probe(WEIGHTS / name, question, report)
                write_card(WEIGHTS / name)
            print(f"{printed(report)}\n  -> {path}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
