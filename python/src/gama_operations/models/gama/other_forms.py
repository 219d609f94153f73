"""The model of a reference folder in other forms than the one that made its numbers.

A left-padded batch as inference makes it, LoRA merged, and the language model in bfloat16. The first two are
the same in float32, so that the folder's tolerances hold; the third has one of its own.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gama_operations.models.gama.assembly import assemble
from gama_operations.models.gama.differences import Differences, largest_difference, relative_difference
from gama_operations.models.gama.generate import end_tokens, generate, left_padded
from gama_operations.models.gama.intermediates import intermediates
from gama_operations.models.gama.lora import merge_lora
from gama_operations.models.gama.model import Gama
from gama_operations.models.gama.reference import ReferenceFolder
from gama_operations.models.surface import Generation

BFLOAT16 = 0.05
"""Root mean square of the difference over that of the reference, for hidden states and logits.

0.025 was the largest on `gama-official-a` (two layers; logits up to 0.37 apart in a range of 17). A folder
whose weights are drawn more wildly states its own as `bfloat16` in tolerances.json. Token ids are not
compared: the two best logits may lie closer than that.
"""
EXACT = 0.0


class OtherForms:
    """Compares them; rows go into `differences`."""

    def __init__(self, folder: ReferenceFolder, weights: Path, differences: Differences) -> None:
        self.folder = folder
        self.weights = weights
        self.differences = differences
        self.cases: dict[str, dict[str, Any]] = folder.expected["cases"]

    def run(self, model: Gama) -> None:
        """Compares all forms; `model` is the one in float32 with its adapters apart."""
        for heard in (True, False):
            names = [name for name, entry in self.cases.items() if (entry["audio"] is not None) == heard]
            if names:
                self._batch(model, names)
        self._merged()
        self._bfloat16()

    def _fbank(self, name: str) -> Tensor | None:
        index = self.cases[name]["audio"]
        return None if index is None else self.folder.inputs[f"audio{index}.fbank"][None]

    def _batch(self, model: Gama, names: list[str]) -> None:
        """[pad][audio][text] of all cases at once, against the numbers of each alone."""
        fbanks = [fbank for name in names if (fbank := self._fbank(name)) is not None]
        prefix = model.audio_prefix(torch.cat(fbanks)) if fbanks else None
        prompts: list[list[int]] = [self.cases[name]["input_ids"] for name in names]
        embeds, mask = left_padded(model, prefix, prompts)
        output = model.language_model(
            inputs_embeds=embeds,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp_min(0),
            use_cache=False,
        )
        steps = max(len(self.cases[name]["greedy_new_ids"]) for name in names)
        answers = generate(model, prefix, prompts, Generation(max_new_tokens=steps))
        for name, prompt, logits, answer in zip(names, prompts, output.logits, answers, strict=True):
            reference = self.folder.outputs[f"{name}.logits"][0]
            difference = largest_difference(logits[-len(prompt) :], reference)
            self.differences.add(
                "inference batch: logits", name, difference, self.folder.tolerances["logits"]
            )
            expected: list[int] = self.cases[name]["greedy_new_ids"]
            spoken = [token for token in expected if token not in end_tokens(model)]
            wrong = float(answer.ids[: len(spoken)] != spoken)
            self.differences.add("inference batch: greedy_new_ids", name, wrong, EXACT)

    def _merged(self) -> None:
        model = self._again()
        if merge_lora(model.language_model) == 0:
            return
        for name, entry in self.cases.items():
            logits = model(torch.tensor([entry["input_ids"]]), fbank=self._fbank(name)).logits
            difference = largest_difference(logits, self.folder.outputs[f"{name}.logits"])
            self.differences.add("merged LoRA: logits", name, difference, self.folder.tolerances["logits"])

    def _bfloat16(self) -> None:
        """As `GamaModel` narrows a model: the language model's parameters, and neither buffers nor audio."""
        model, allowed = self._again(), self.folder.tolerances.get("bfloat16", BFLOAT16)
        for parameter in model.language_model.parameters():
            parameter.data = parameter.data.bfloat16()
        for name, entry in self.cases.items():
            with intermediates(model) as caught:
                ids = torch.tensor([entry["input_ids"]])
                caught["logits"] = model(ids, fbank=self._fbank(name)).logits
            for quantity, tensor in caught.items():
                key = f"{name}.{quantity}"
                if key in self.folder.outputs and (quantity == "logits" or quantity.startswith("llm.")):
                    difference = relative_difference(tensor, self.folder.outputs[key])
                    self.differences.add(f"bfloat16: {quantity}", name, difference, allowed)

    def _again(self) -> Gama:
        return assemble(self.folder.description, self.weights).model
