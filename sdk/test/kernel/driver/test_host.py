"""A kernel whose notebook attaches to a host: interrupts and restarts leave the models loaded."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import unittest
from typing import ClassVar
from unittest import mock

from jupyter_client.manager import start_new_kernel
from kernel_fixture import KERNEL_NAME, NODE, REPOSITORY, TIMEOUT_SECONDS, KernelCase, Message

SDK = REPOSITORY / "sdk"
BEGIN = f"""
    import {{ sharedBridge }} from {json.dumps(str(SDK / "index.ts"))};
    const bridge = sharedBridge();
    const process = await bridge.executeOperation("status", {{}});
    const models = process.models.map(({{ model_id }}) => model_id).join();
    `${{process.pid}} ${{bridge.stats().host.name}} ${{bridge.stats().plane}} ${{models}}`
"""
KEPT = f"""
    import {{ GAMABridge }} from {json.dumps(str(SDK / "index.ts"))};
    const bridge = new GAMABridge({{ keepAlive: true }});
    const facts = async () => {{
        const {{ pid, models }} = await bridge.executeOperation("status", {{}});
        return `${{pid}} ${{bridge.stats().host.name}} ${{models.map((it) => it.model_id).join()}}`;
    }};
"""
LONG = """
    const clip = { samples: new Float32Array(30 * 16_000).fill(0.1), sample_rate: 16_000 };
    const data = { audios: Array.from({ length: 200 }, () => clip), model: "fbank", batch_size: 1 };
    const onProgress = ({ stage }) => { if (stage === "encode") console.log("begun"); };
    await bridge.executeOperation("extract_features", data, { onProgress });
"""


class Hosted(KernelCase):
    """One kernel, and the host that its environment names."""

    noted: ClassVar[list[str]] = []
    _environment: ClassVar[mock._patch_dict]
    _runtime: ClassVar[tempfile.TemporaryDirectory[str]]

    @classmethod
    def setUpClass(cls) -> None:
        cls._runtime = tempfile.TemporaryDirectory(prefix="grym-run-")
        variables = {"XDG_RUNTIME_DIR": cls._runtime.name, "GRYM_HOST": "kernel", "GRYM_HOST_IDLE": "60"}
        cls._environment = mock.patch.dict(os.environ, variables)
        cls._environment.start()
        super().setUpClass()

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        stop = [NODE, "--no-warnings", str(SDK / "cli" / "bin.mjs"), "stop", "--all"]
        subprocess.run(stop, check=True)  # noqa: S603, our own command
        cls._environment.stop()
        cls._runtime.cleanup()

    def test_an_interrupted_cell_and_a_restarted_kernel_find_the_process_with_its_models(self) -> None:
        pid, *facts = (self.run_cell(BEGIN).text or "").strip("'").split(" ")
        assert facts == ["kernel", "shared_memory", ""]
        assert self.run_cell("await bridge.executeOperation('load_model', { model: 'fbank' })").status == "ok"

        running = self.send(LONG)
        self.broadcasts_until("stream")
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
        again = self.run_cell("(await bridge.executeOperation('status', {})).pid")
        assert again.text == pid

        running = self.send(LONG)
        self.broadcasts_until("stream")
        self.km.restart_kernel(now=True)  # kills its process group with -9
        self.kc.wait_for_ready(timeout=TIMEOUT_SECONDS)
        assert self.run_cell(BEGIN).text == f"'{pid} kernel shared_memory fbank'"
        shape = (
            "(await bridge.executeOperation('extract_features', { audio: [0, 1, 0], model: 'fbank' })).shape"
        )
        assert self.run_cell(shape).text == "[ 256 ]"

    def test_with_keep_alive_a_second_kernel_finds_what_the_first_one_loaded(self) -> None:
        load = "await bridge.executeOperation('load_model', { model: 'fbank' });"
        pids: list[str] = []
        for cell in (load, ""):
            km, kc = start_new_kernel(kernel_name=KERNEL_NAME, cwd=str(self.folder))
            try:
                reply = kc.execute_interactive(
                    KEPT + cell + "await facts()", output_hook=self.note, timeout=TIMEOUT_SECONDS
                )
            finally:
                kc.stop_channels()
                km.shutdown_kernel()
            assert reply["content"]["status"] == "ok"
            pid, *facts = self.noted.pop().strip("'").split(" ")
            assert facts == ["default", "fbank"]
            pids.append(pid)
        assert pids[0] == pids[1]

    def note(self, message: Message) -> None:
        """Keeps the result of a cell that another kernel runs."""
        if message["msg_type"] == "execute_result":
            self.noted.append(message["content"]["data"]["text/plain"])


if __name__ == "__main__":
    unittest.main()
