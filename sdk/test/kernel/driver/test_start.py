"""Starting a kernel, and the cache of compiled modules that makes it quick."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from typing import ClassVar

from jupyter_client.manager import start_new_kernel
from kernel_fixture import KERNEL_NAME, TIMEOUT_SECONDS, install_temporary_spec


class CompileCache(unittest.TestCase):
    """Kernels share compiled modules, and do without where that is not safe."""

    folder: ClassVar[Path]
    _spec: ClassVar[tempfile.TemporaryDirectory[str]]
    _folder: ClassVar[tempfile.TemporaryDirectory[str]]

    @classmethod
    def setUpClass(cls) -> None:
        cls._spec = install_temporary_spec()
        cls._folder = tempfile.TemporaryDirectory(prefix="grym-kernel-start-")
        cls.folder = Path(cls._folder.name)

    @classmethod
    def tearDownClass(cls) -> None:
        cls._spec.cleanup()
        cls._folder.cleanup()

    def answer(self, cache: Path) -> str:
        """What `1 + 1` gives in a kernel with this cache folder, from its start to its end."""
        env = {**os.environ, "GRYM_CACHE": os.fspath(cache)}
        km, kc = start_new_kernel(kernel_name=KERNEL_NAME, cwd=self._folder.name, env=env)
        results: list[str] = []

        def collect(message: dict) -> None:
            if message["msg_type"] == "execute_result":
                results.append(message["content"]["data"]["text/plain"])

        kc.execute_interactive("1 + 1", output_hook=collect, timeout=TIMEOUT_SECONDS)
        kc.stop_channels()
        km.shutdown_kernel()
        return results[0]

    def test_is_made_for_this_user_alone_and_filled_when_a_kernel_ends(self) -> None:
        cache = self.folder / "fresh"
        assert self.answer(cache) == "2"
        compiled = cache / "compiled"
        assert compiled.stat().st_mode & 0o777 == 0o700
        assert any(path.is_file() for path in compiled.rglob("*"))
        assert self.answer(cache) == "2"
        # What the type checker has seen of the cells ends with their kernel.
        assert list((cache / "kernel").iterdir()) == []

    def test_is_not_used_where_others_could_put_code_into_it(self) -> None:
        compiled = self.folder / "open" / "compiled"
        compiled.mkdir(parents=True)
        compiled.chmod(0o777)
        assert self.answer(compiled.parent) == "2"
        assert list(compiled.iterdir()) == []

    def test_is_done_without_where_no_folder_can_be_made(self) -> None:
        occupied = self.folder / "file"
        occupied.write_text("no folder")
        assert self.answer(occupied) == "2"


if __name__ == "__main__":
    unittest.main()
