"""Runs this implementation on a folder of reference numbers and compares everything in it."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gama_operations.models.gama.assembly import assemble
from gama_operations.models.gama.differences import Differences, largest_difference
from gama_operations.models.gama.frontend import MelFrontend
from gama_operations.models.gama.generate import end_tokens, generate
from gama_operations.models.gama.intermediates import add_discarded_cross_attention, intermediates
from gama_operations.models.gama.other_forms import OtherForms
from gama_operations.models.gama.prompt import TextCodec, instruction_prompt
from gama_operations.models.gama.reference import ReferenceFolder
from gama_operations.models.gama.sampling import (
    OFFICIAL_SAMPLING,
    OFFICIAL_SINGLE_SAMPLING,
    process_scores,
)
from gama_operations.models.gama.tensor_names import SAVED_BUFFERS, canonical, official
from gama_operations.models.gama.weight_files import read_source
from gama_operations.models.surface import Generation

EXACT = 0.0
FBANK_MAX = 1e-3
FBANK_MEAN = 2e-5
LOGITS_FROM_WAVEFORM = 5e-4
LOSS = 1e-5
SCORES = "sampling_scores_step0."


def sampling_of(label: str) -> Generation:
    """Decoding options that a label of the scores names, such as `mild_t1.0_p0.95_k40_rep1.1`."""
    named = {"gama_inf": OFFICIAL_SAMPLING, "single_audio": OFFICIAL_SINGLE_SAMPLING}
    if label in named:
        return named[label]
    found = dict(re.findall(r"_(t|p|k|rep)(\d+(?:\.\d+)?)", label))
    return Generation(
        do_sample=True,
        temperature=float(found.get("t", 1)),
        top_p=float(found.get("p", 1)),
        top_k=int(found.get("k", 0)),
        repetition_penalty=float(found.get("rep", 1)),
    )


def _by_official_name(*paths: Path) -> dict[str, Tensor]:
    return {canonical(name): tensor for path in paths for name, tensor in read_source(path).tensors.items()}


class Comparison:
    """One folder; `run` fills `differences`."""

    def __init__(self, folder: ReferenceFolder) -> None:
        self.folder = folder
        self.differences = Differences()
        self.compared: set[str] = set()
        self.model = assemble(folder.description, folder.path / "full_state.safetensors").model
        self.frontend = MelFrontend(folder.description.gama)

    @torch.inference_mode()
    def run(self) -> Differences:
        """Compares everything in the folder, and then checks that nothing was left out."""
        self._names()
        self._stage_checkpoint()
        for case, entry in self.folder.expected["cases"].items():
            self._prompt(case, entry)
            self._case(case, entry)
            self._generation(case, entry)
        if "batch" in self.folder.expected:
            self._batch(self.folder.expected["batch"])
        weights = self.folder.path / "full_state.safetensors"
        OtherForms(self.folder, weights, self.differences).run(self.model)
        left_out = set(self.folder.outputs) - self.compared
        label = next(iter(sorted(left_out)), "none")
        self.differences.add("tensors of outputs left out", label, len(left_out), EXACT)
        return self.differences

    def _tolerance(self, quantity: str) -> float:
        """The folder's, else that of the logits, from which the rest is computed."""
        return self.folder.tolerances.get(quantity, self.folder.tolerances["logits"])

    def _tensor(self, case: str, quantity: str, ours: Tensor, tolerance: float | None = None) -> None:
        name = f"{case}.{quantity}"
        if name in self.folder.outputs:
            self.compared.add(name)
            allowed = self._tolerance(quantity) if tolerance is None else tolerance
            difference = largest_difference(ours, self.folder.outputs[name])
            self.differences.add(quantity, case, difference, allowed)

    def _fbank(self, entry: dict[str, Any]) -> Tensor | None:
        index = entry["audio"]
        return None if index is None else self.folder.inputs[f"audio{index}.fbank"][None]

    def _names(self) -> None:
        """Names and shapes of state_keys.json, saved buffers aside, are those of the model."""
        file = self.folder.path / "state_keys.json"
        if not file.is_file():
            return
        listed = {name: tuple(entry["shape"]) for name, entry in json.loads(file.read_text()).items()}
        stated = {name: shape for name, shape in listed.items() if not name.endswith(SAVED_BUFFERS)}
        state = self.model.state_dict()
        ours = {official(name): tuple(tensor.shape) for name, tensor in state.items()}
        wrong = set(stated.items()) ^ set(ours.items())
        self.differences.add("names and shapes", min(wrong)[0] if wrong else "all", len(wrong), EXACT)

    def _stage_checkpoint(self) -> None:
        """Base folder and stage checkpoint together are the same model."""
        checkpoint = self.folder.path / "checkpoint/pytorch_model.bin"
        if not checkpoint.is_file():
            return
        assemble(self.folder.description, self.folder.path / "base", checkpoint)
        union = _by_official_name(self.folder.path / "base", checkpoint)
        whole = _by_official_name(self.folder.path / "full_state.safetensors")
        for name in whole:
            pair = union.get(name)
            difference = math.inf if pair is None else largest_difference(pair, whole[name])
            self.differences.add("weights: base + checkpoint", name, difference, EXACT)

    def _prompt(self, case: str, entry: dict[str, Any]) -> None:
        if (self.folder.path / "base/tokenizer.json").is_file():
            codec = TextCodec.read(self.folder.path / "base", self.model.language_model.config.bos_token_id)
            ids = codec.encode(instruction_prompt(entry["instruction"]))
            self.differences.add("prompt ids", case, float(ids != entry["input_ids"]), EXACT)

    def _case(self, case: str, entry: dict[str, Any]) -> None:
        ids, fbank = torch.tensor([entry["input_ids"]]), self._fbank(entry)
        with intermediates(self.model) as caught:
            logits = self.model(ids, fbank=fbank).logits
        add_discarded_cross_attention(self.model, caught)
        for quantity, tensor in caught.items():
            self._tensor(case, quantity, tensor)
        self._tensor(case, "logits", logits)
        seen = torch.zeros(1, self.model.vocabulary, dtype=torch.bool)
        seen[0, entry["input_ids"]] = True
        for name in self.folder.outputs:
            if name.startswith(f"{case}.{SCORES}"):
                options = sampling_of(name.removeprefix(f"{case}.{SCORES}"))
                scores = process_scores(logits[:, -1], seen, options)[0]
                allowed = self._tolerance("logits") * options.repetition_penalty / options.temperature
                self._tensor(case, name.removeprefix(f"{case}."), scores, allowed)
        if fbank is not None:
            self._from_waveform(case, entry["audio"], ids, fbank)

    def _from_waveform(self, case: str, audio: int, ids: Tensor, fbank: Tensor) -> None:
        ours = self.frontend([self.folder.inputs[f"audio{audio}.waveform"]])
        self.differences.add("fbank from waveform", case, largest_difference(ours, fbank), FBANK_MAX)
        mean = float((ours - fbank).abs().mean())
        self.differences.add("fbank from waveform, mean", case, mean, FBANK_MEAN)
        logits, reference = self.model(ids, fbank=ours).logits, self.folder.outputs[f"{case}.logits"]
        difference = largest_difference(logits, reference)
        self.differences.add("logits from waveform", case, difference, LOGITS_FROM_WAVEFORM)

    def _generation(self, case: str, entry: dict[str, Any]) -> None:
        """Cached greedy decoding; then the logits along it, computed without a cache."""
        fbank = self._fbank(entry)
        prefix = None if fbank is None else self.model.audio_prefix(fbank)
        greedy: list[int] = entry["greedy_new_ids"]
        for quantity, penalty in (("greedy_new_ids", 1.0), ("greedy_rep1p1_new_ids", 1.1)):
            expected: list[int] = entry[quantity]
            options = replace(Generation(), max_new_tokens=len(expected), repetition_penalty=penalty)
            (answer,) = generate(self.model, prefix, [entry["input_ids"]], options)
            spoken = [token for token in expected if token not in end_tokens(self.model)]
            self.differences.add(quantity, case, float(answer.ids != spoken), EXACT)
        text = torch.tensor([entry["input_ids"] + greedy[:-1]])
        self._tensor(case, "greedy_step_logits", self.model(text, fbank=fbank).logits[0, -len(greedy) :])

    def _batch(self, entry: dict[str, Any]) -> None:
        """The official training batch: padding between the audio and the text, loss on text."""
        output = self.model(
            self.folder.inputs["batch.input_ids"],
            fbank=torch.stack([self.folder.inputs[f"audio{index}.fbank"] for index in entry["audio"]]),
            attention_mask=self.folder.inputs["batch.attention_mask"],
            labels=self.folder.inputs["batch.labels"],
        )
        self.compared.add("batch.logits")
        difference = largest_difference(output.logits, self.folder.outputs["batch.logits"])
        self.differences.add("batch.logits", "batch", difference, self._tolerance("batch.logits"))
        self.differences.add("batch loss", "batch", abs(float(output.loss) - entry["loss"]), LOSS)
