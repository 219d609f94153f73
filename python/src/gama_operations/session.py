"""What lives as long as the process: the loaded models, and facts about the process itself."""

import math
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import msgspec

from gama_operations.available import memory_available
from gama_operations.call import Call
from gama_operations.errors import InvalidRequestError
from gama_operations.machine import device, give_back_memory, imported_torch, record_versions, versions
from gama_operations.memory_counters import device_allocated, read_resident
from gama_operations.memory_profile import Profiles
from gama_operations.protocol import LoadModelData, ModelCard, ModelDescription, StatusResult
from gama_operations.tensors import Arenas

if TYPE_CHECKING:  # models import torch
    from gama_operations.models.load_options import Attention
    from gama_operations.models.surface import AudioModel

DEFAULT_MODEL = "gama-tiny"
MEMORY_AGE = 0.1  # seconds: reading the control groups takes longer than a whole ping
RANDOM_MARK = "@random-"  # model ids of random weights: `<name>@random-<seed>`


@dataclass(slots=True)
class Session:
    """Models by id, and what `ping` and `status` tell."""

    arenas: Arenas
    models: "dict[str, AudioModel]" = field(default_factory=dict)
    profiles: Profiles = field(default_factory=Profiles)
    requests: int = 0
    _cards: dict[str, ModelCard] = field(default_factory=dict)
    """By the id of the model."""
    _began: float = field(default_factory=time.monotonic)
    _loaded_as: dict[LoadModelData, str] = field(default_factory=dict)
    _available: tuple[float, int] = (-math.inf, 0)

    def load(self, data: LoadModelData, call: Call) -> "AudioModel":
        """The model that was asked for; loaded once, the same one afterwards.

        Memory is told as the phase `load`, with the stages (import, read, build) inside.

        Raises:
            InvalidRequestError: another model of the same id is loaded, from elsewhere or with other
                settings; results of the two could not be told apart.
        """
        from gama_operations.models import registry

        with _loading_if_torch_is_new(call):
            key = _settled(data, call)
            if key in self._loaded_as:
                return self.models[self._loaded_as[key]]
            self._refuse_twin(registry.model_id(data.model, key.weights, key.seed), key)
            return self._load(data, key, call)

    def _load(self, data: LoadModelData, key: LoadModelData, call: Call) -> "AudioModel":
        from gama_operations.models import registry

        with call.memory.phase("load"), ExitStack() as phases:
            model = registry.load(
                data.model,
                device=key.device,
                dtype=key.dtype,
                weights=data.weights,
                seed=data.seed,
                attention=key.attention,
                quantization=key.quantization,
                progress=_by_stage(call, phases),
            )
        call.check()
        self._cards[model.info.model_id] = _card_of(data.model)
        self.models[model.info.model_id] = model
        for same in _same_requests(key, model.info.attention):
            self._loaded_as[same] = model.info.model_id
        return model

    def describe(self, model: "AudioModel") -> ModelDescription:
        """A loaded model's facts in the wire's form."""
        facts = asdict(model.info)
        for name in ("layers", "capabilities", "offers", "extras", "notes"):
            facts[name] = list(facts[name])
        return ModelDescription(**facts, card=self._cards[model.info.model_id])

    def find(self, name: str | None, call: Call) -> "AudioModel":
        """A loaded model by id or by the name it was loaded under; any other name is loaded first."""
        name = name or os.environ.get("GAMA_MODEL_PATH") or DEFAULT_MODEL
        if name in self.models:
            return self.models[name]
        base, mark, seed = name.rpartition(RANDOM_MARK)
        if mark and seed.isdecimal():
            return self.load(LoadModelData(base, weights="random", seed=int(seed)), call)
        with _loading_if_torch_is_new(call):
            where = _settled(LoadModelData(name), call).model
            for key, model_id in self._loaded_as.items():
                if key.model == where and key.weights == "trained":
                    return self.models[model_id]
            return self.load(LoadModelData(name), call)

    def _refuse_twin(self, model_id: str, key: LoadModelData) -> None:
        other = self.models.get(model_id)
        if other is None:
            return
        forms = [known for known, of in self._loaded_as.items() if of == model_id]
        differences = min((_differences(known, key) for known in forms), key=len, default=[])
        raise InvalidRequestError(
            f"{model_id} is loaded already, as {other.info.dtype} on {other.info.device}, "
            f"revision {other.info.revision}, and with another {', '.join(differences)}; unload it before "
            "loading another one of that id."
        )

    def unload(self, model_id: str) -> bool:
        """Drop a model and give its memory back to the system; False when it was not loaded."""
        if model_id not in self.models:
            return False
        self._forget(model_id)
        give_back_memory()
        return True

    def _forget(self, model_id: str) -> None:
        self.models.pop(model_id, None)
        for data in [data for data, loaded in self._loaded_as.items() if loaded == model_id]:
            del self._loaded_as[data]

    def memory_available(self) -> int:
        """Bytes that this process can still get, at most `MEMORY_AGE` seconds old."""
        now = time.monotonic()
        if now - self._available[0] > MEMORY_AGE:
            self._available = now, memory_available()
        return self._available[1]

    def status(self) -> StatusResult:
        """Facts about the process; cheap, and safe from any thread."""
        return StatusResult(
            models=[self.describe(model) for model in list(self.models.values())],
            device=device(),
            pid=os.getpid(),
            uptime=time.monotonic() - self._began,
            resident_memory=read_resident().total,
            device_allocated=device_allocated(),
            memory_available=memory_available(),
            kept_bytes=sum(model.kept_bytes for model in list(self.models.values())),
            plane=self.arenas.plane,
            requests=self.requests,
            versions={**versions(), **record_versions()},
        )


def _card_of(name: str) -> ModelCard:
    from gama_operations.models import registry
    from gama_operations.models.model_card import NO_WEIGHTS, read_card

    found = registry.resolve(name)
    return ModelCard(**asdict(NO_WEIGHTS if isinstance(found, str) else read_card(found)))


def _loading_if_torch_is_new(call: Call) -> AbstractContextManager[None]:
    """The phase `load`, where only asking for the device imports torch: that is most of the first load."""
    return nullcontext() if imported_torch() else call.memory.phase("load")


def _same_requests(key: LoadModelData, attention: "Attention | None") -> list[LoadModelData]:
    """Requests that mean the model as it was loaded, the most exact one first.

    Who names no attention wants what transformers chooses, which is `sdpa` wherever it can be had.
    """
    exact = msgspec.structs.replace(key, attention=attention)
    is_default = key.attention is None or attention == "sdpa"
    return [exact, msgspec.structs.replace(key, attention=None)] if is_default else [exact]


def _differences(loaded: LoadModelData, asked: LoadModelData) -> list[str]:
    """The fields in which a loaded model is another one than that asked for, with both values."""
    pairs = zip(msgspec.structs.asdict(loaded).items(), msgspec.structs.asdict(asked).values(), strict=True)
    return [
        f"{name} ({_said(there)}, asked for {_said(wanted)})"
        for (name, there), wanted in pairs
        if there != wanted
    ]


def _said(value: object) -> str:
    return "the default" if value is None else str(value)


def _settled(data: LoadModelData, call: Call) -> LoadModelData:
    """The same request with nothing left open, so that two ways to ask for one model are equal."""
    from gama_operations.models import registry

    found = registry.resolve(data.model)
    seed = data.seed if data.weights == "random" else 0
    if isinstance(found, str):
        return LoadModelData(found, device="cpu", seed=seed)
    dtype = data.dtype or registry.default_dtype(found, data.quantization)
    device_name = _checked_device(data.device, call)
    return msgspec.structs.replace(
        data,
        model=str(found),
        device=device_name,
        dtype=dtype,
        seed=seed,
        quantization=data.quantization or registry.default_quantization(found),
    )


def _checked_device(name: str | None, call: Call) -> str:
    from gama_operations.models import registry

    if imported_torch() is not None:
        return registry.checked_device(name or registry.default_device())
    # Asking imports torch: the longest part of the first load, told as such.
    call.progress("import", 0, 3)
    with call.memory.phase("import"):
        return registry.checked_device(name or registry.default_device())


def _by_stage(call: Call, phases: ExitStack) -> Callable[[str, float, float], None]:
    """Progress of loading that also opens a memory phase for each stage."""
    current = ""

    def report(stage: str, done: float, total: float) -> None:
        nonlocal current
        call.check()
        if stage != current:
            phases.close()
            phases.enter_context(call.memory.phase(stage))
            current = stage
        call.progress(stage, done, total)

    return report
