"""Sends broken files through the decoder in a process of its own, and judges what comes back.

`python tests/audio_fuzzing.py --files N` (from the folder `python/`) prints a line of JSON; `--first SEED
--files 1 --keep FOLDER` leaves the file of one seed to look at.
"""

import argparse
import json
import select
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from audio_mutations import BASES, Mutated, mutated, whole_file

DECODER = Path(__file__).parent / "fixtures" / "process" / "decoder.py"
LIMIT_SECONDS = 30.0  # of one file: far above the slowest, since a loaded machine is no fault
FILE_CODES = {"invalid_audio", "audio_too_long", "unsupported_format"}
MB = 2**20
SLACK = 48 * MB  # a block of decoding, the decoders' own tables, and pages that the kernel counts late


@dataclass
class Report:
    """What came of all the files."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Files by base and outcome: `audio`, or the code of the error."""
    faults: list[str] = field(default_factory=list)
    """Each with the seed that brings it back."""
    resident: list[int] = field(default_factory=list)
    """Bytes of the process after every tenth file."""
    unmeasured: int = 0
    """Files whose peak the kernel did not tell."""
    crashes: int = 0
    hangs: int = 0

    def count(self, outcome: str) -> int:
        """Files that ended so."""
        return sum(number for (_, found), number in self.outcomes.items() if found == outcome)

    def tenths(self) -> tuple[float, float]:
        """Median resident bytes of the second tenth and of the last one."""
        size = len(self.resident) // 10
        return statistics.median(self.resident[size : 2 * size]), statistics.median(self.resident[-size:])

    def is_flat(self) -> bool:
        """The house's meaning: the last tenth at most 5 % and 5 MB above the second."""
        second, last = self.tenths()
        return last <= second * 1.05 + 5e6


class Decoder:
    """The process that decodes; a dead one is replaced."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 # closed with the process
        self._child = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._words.seek(0)  # the next process writes where the last one stopped
        self._words.truncate()
        child = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", *self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
        )
        assert json.loads(child.stdout.readline()) == "ready"
        return child

    def ask(self, path: Path, part: dict[str, float], limit: float) -> dict | str:
        """The answer about a file, or in words how the process ended."""
        self._child.stdin.write(json.dumps({"path": str(path), "part": part}).encode() + b"\n")
        self._child.stdin.flush()
        if not select.select([self._child.stdout], [], [], limit)[0]:
            self._replace()
            return f"hangs: no answer within {limit} s"
        if line := self._child.stdout.readline():
            return json.loads(line)
        code = self._child.wait()
        self._words.seek(0)
        tail = self._words.read().decode(errors="replace")[-2000:]
        self._replace()
        ended = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"crashes: {ended}\n{tail}"

    def _replace(self) -> None:
        self._end()
        self._child = self._start()

    def _end(self) -> None:
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            pipe.close()

    def close(self) -> None:
        """Ends the process."""
        self._end()
        self._words.close()


def fuzz(seeds: range, folder: Path, *, command=(str(DECODER),), limit=LIMIT_SECONDS) -> Report:
    """Decodes the broken file of each seed; `folder` holds one of them at a time."""
    whole = {base: whole_file(base) for base in BASES}
    report = Report()
    decoder = Decoder(list(command))
    try:
        for seed in seeds:
            broken = mutated(seed, whole)
            path = folder / f"{seed}.audio"
            path.write_bytes(broken.data)
            part = _part(seed)
            _judge(broken, part, decoder.ask(path, part, limit), report)
            path.unlink()
    finally:
        decoder.close()
    return report


def _part(seed: int) -> dict[str, float]:
    """Every fourth file is heard in part only."""
    rng = np.random.default_rng([seed, 1])
    offset, duration = rng.choice([0.0, 0.05, 0.2, 1e9]), rng.choice([0.01, 0.1, 1e9])
    return {"offset": float(offset), "duration": float(duration)} if seed % 4 == 3 else {}


def _judge(broken: Mutated, part: dict[str, float], answer: dict | str, report: Report) -> None:
    if isinstance(answer, str):
        report.crashes += answer.startswith("crashes")
        report.hangs += answer.startswith("hangs")
        report.faults.append(f"{broken} {answer}")
        return
    outcome = answer["outcome"]
    report.outcomes[broken.base, outcome] += 1
    if "resident" in answer:
        report.resident.append(answer["resident"])
    if outcome not in {"audio"} | FILE_CODES | ({"invalid_request"} if part else set()):
        report.faults.append(f"{broken} ends as {outcome}: {answer['message']}")
    if answer["growth"] is None:
        report.unmeasured += 1
    # decoded, resampled, and their copies: memory follows from what comes out, not from what a header says
    elif answer["growth"] > 3 * answer["bytes"] + SLACK:
        report.faults.append(
            f"{broken} takes {answer['growth'] / MB:.0f} MB for {answer['bytes'] / MB:.0f} MB: {answer}"
        )


def main() -> None:
    """Prints what came of the files as a line of JSON, faults to stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the files, decode nothing")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.files)
    if options.keep:
        whole = {base: whole_file(base) for base in BASES}
        for seed in seeds:
            (options.keep / f"{seed}.audio").write_bytes(mutated(seed, whole).data)
        return
    with tempfile.TemporaryDirectory() as folder:
        report = fuzz(seeds, Path(folder))
    sys.stderr.write("".join(f"{fault}\n" for fault in report.faults))
    second, last = report.tenths()
    rows = [{"base": base, **_of_base(report, base)} for base in BASES]
    facts = {
        "files": len(seeds),
        "faults": len(report.faults),
        "crashes": report.crashes,
        "hangs": report.hangs,
        "unmeasured": report.unmeasured,
        "secondTenthBytes": second,
        "lastTenthBytes": last,
        "rows": rows,
    }
    sys.stdout.write(json.dumps(facts) + "\n")


def _of_base(report: Report, base: str) -> dict[str, int]:
    return {outcome: number for (found, outcome), number in sorted(report.outcomes.items()) if found == base}


if __name__ == "__main__":
    main()
