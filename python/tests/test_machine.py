"""What a record names of the installation, and what of it is part of the key of kept results."""

import subprocess
import sys

from gama_operations.machine import PACKAGES, record_versions, versions


def test_kept_results_do_not_depend_on_packages_that_make_none():
    assert set(versions()) == {"python", *PACKAGES}
    assert not set(record_versions()) & set(versions())


def test_linear_algebra_is_told_the_same_whatever_was_imported_before():
    script = "{0}; from gama_operations.machine import record_versions; print(record_versions()['blas'])"
    told = {
        subprocess.run(
            [sys.executable, "-c", script.format(first)],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
        for first in ("pass", "import scipy.linalg", "import torch")
    }
    assert len(told) == 1
    assert told.pop().strip() not in {"", "unknown"}
