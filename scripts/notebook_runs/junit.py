"""The counts, for the summary of `npm test`."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET


@dataclass(frozen=True)
class Case:
    """One thing that was checked."""

    name: str
    seconds: float
    problem: str | None


def write_junit(file: Path, cases: list[Case]) -> None:
    """Write a file in JUnit's form."""
    failures = sum(case.problem is not None for case in cases)
    suite = ET.Element(
        "testsuite", name="notebooks", tests=str(len(cases)), failures=str(failures), errors="0", skipped="0"
    )
    for case in cases:
        element = ET.SubElement(suite, "testcase", name=case.name, time=f"{case.seconds:.1f}")
        if case.problem is not None:
            ET.SubElement(element, "failure").text = case.problem
    file.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(suite).write(file)
