"""Makes the packages in src/ known to the Python that runs this, as an editable install would; for set-up.

pip's own editable install needs a build backend, and writes absolute paths: a clone that moves would lose
its package. Entry points are read from what lies beside the packages, so a `.pth` alone is not enough.
"""

import os
import shutil
import sysconfig
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write grym-synth.pth and the metadata of the distribution into site-packages."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    site = Path(sysconfig.get_path("purelib"))
    name = project["name"].replace("-", "_")
    for former in site.glob(f"{name}-*.dist-info"):
        shutil.rmtree(former)

    groups = [
        "\n".join([f"[{group}]", *(f"{key} = {target}" for key, target in points.items())])
        for group, points in project.get("entry-points", {}).items()
    ]
    folder = f"{name}-{project['version']}.dist-info"
    files = {
        # Relative to itself.
        "grym-synth.pth": f"{os.path.relpath(HERE / 'src', site)}\n",
        f"{folder}/METADATA": (
            f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n"
            f"Summary: {project['description']}\nRequires-Python: {project['requires-python']}\n"
        ),
        f"{folder}/INSTALLER": "grym-synth set-up\n",
        f"{folder}/entry_points.txt": "\n\n".join(groups) + "\n",
    }
    # What `pip uninstall` removes.
    files[f"{folder}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{folder}/RECORD"])
    (site / folder).mkdir()
    for path, text in files.items():
        (site / path).write_text(text)


if __name__ == "__main__":
    main()
