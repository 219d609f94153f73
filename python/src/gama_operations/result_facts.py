"""What every result of a model says about how it came about."""

from typing import TYPE_CHECKING, TypedDict

from gama_operations.protocol import DType, MemoryUsage

if TYPE_CHECKING:
    from gama_operations.call import Call
    from gama_operations.models.surface import AudioModel


class ResultFacts(TypedDict):
    """The fields that all results share."""

    processing_time: float
    memory_usage: MemoryUsage
    model_id: str
    revision: str
    device: str
    dtype: DType


def result_facts(model: "AudioModel", call: "Call") -> ResultFacts:
    """Facts of a call that ends now."""
    usage = call.memory.usage()
    return {
        "processing_time": call.memory.seconds,
        "memory_usage": usage,
        "model_id": model.info.model_id,
        "revision": model.info.revision,
        "device": model.info.device,
        "dtype": model.info.dtype,
    }
