"""Every intermediate of a forward pass, by the names of the reference folders; caught by forward hooks."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from gama_operations.models.gama.model import Gama

Pick = Callable[[tuple[Any, ...], dict[str, Any], Any], Tensor]


def _output(_args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> Tensor:
    return output[0] if isinstance(output, tuple) else output


def _argument(index: int) -> Pick:
    return lambda args, _kwargs, _output: args[index]


def _embeds(_args: tuple[Any, ...], kwargs: dict[str, Any], _output: Any) -> Tensor:
    return kwargs["inputs_embeds"]


def _taps(model: Gama) -> Iterator[tuple[str, nn.Module, Pick]]:
    audio = model.audio
    encoder = audio.audio_encoder
    yield "enc.patch_embed", encoder.patch_embed_a, _output
    for stack in ("blocks_a", "blocks_u"):
        for index, block in enumerate(encoder.get_submodule(stack).children()):
            yield f"enc.{stack}.{index}", block, _output
    for norm in ("norm_a", "norm_j", "norm_k"):
        yield f"enc.{norm}", encoder.get_submodule(norm), _output
    for number, layer in ((1, audio.audio_aggregator_layer_1), (2, audio.audio_aggregator_layer_2)):
        yield f"agg{number}.in", layer, _argument(0)
        yield f"agg{number}.encoder_hidden_states", layer, _argument(1)
        yield f"agg{number}.self_attention_out", layer.attention, _output
        yield f"agg{number}.out", layer, _output
    yield "qf.encoder_hidden_states", audio.qformer_proj_norm, _output
    yield "qf.embeddings", audio.Qformer.bert.embeddings, _output
    for index, layer in enumerate(audio.Qformer.bert.encoder.layer):
        yield f"qf.layer.{index}", layer, _output
    yield "qf.last_hidden_state", audio.Qformer, _output
    yield "proj.norm_qformer", audio.audio_proj_norm_qformer, _output
    yield "proj.qformer_tokens", audio.audio_proj_qformer, _output
    yield "proj.norm_audioenc", audio.audio_proj_norm_audioenc, _output
    yield "proj.audioenc_tokens", audio.audio_proj_audioenc, _output
    body = model.language_model.base_model
    yield "llm.inputs_embeds", body, _embeds
    for index, layer in enumerate(body.get_submodule("layers").children()):
        yield f"llm.layer.{index}", layer, _output
    yield "llm.norm", body.get_submodule("norm"), _output


@contextmanager
def intermediates(model: Gama) -> Generator[dict[str, Tensor]]:
    """Collects the intermediates of the forward pass run inside the block."""
    caught: dict[str, Tensor] = {}

    def catch(name: str, pick: Pick) -> Callable[..., None]:
        def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
            caught[name] = pick(args, kwargs, output)

        return hook

    handles = [
        module.register_forward_hook(catch(name, pick), with_kwargs=True)
        for name, module, pick in _taps(model)
    ]
    try:
        yield caught
    finally:
        for handle in handles:
            handle.remove()


def add_discarded_cross_attention(model: Gama, caught: dict[str, Tensor]) -> None:
    """Adds what the released code computes and throws away: the aggregator's cross-attention."""
    layers = ((1, model.audio.audio_aggregator_layer_1), (2, model.audio.audio_aggregator_layer_2))
    for number, layer in layers:
        if f"agg{number}.in" in caught:
            queries = caught[f"agg{number}.self_attention_out"]
            middle = caught[f"agg{number}.encoder_hidden_states"]
            caught[f"agg{number}.cross_attention_out_DISCARDED"] = layer.crossattention(queries, middle)
