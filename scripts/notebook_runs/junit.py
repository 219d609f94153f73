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
    skipped: str | None = None
    """Why it was not checked."""


def write_junit(file: Path, cases: list[Case]) -> None:
    """Write a file in JUnit's form."""
    failures = sum(case.problem is not None for case in cases)
    counts = {"tests": len(cases), "failures": failures, "errors": 0}
    counts["skipped"] = sum(case.skipped is not None for case in cases)
    suite = ET.Element("testsuite", {key: str(count) for key, count in counts.items()}, name="notebooks")
    for case in cases:
        attributes = {"classname": "notebooks", "name": case.name, "time": f"{case.seconds:.1f}"}
        element = ET.SubElement(suite, "testcase", attributes)
        if case.problem is not None:
            ET.SubElement(element, "failure").text = case.problem
        if case.skipped is not None:
            ET.SubElement(element, "skipped", message=case.skipped)
    file.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(suite).write(file)
