"""Every dimension and constant of a GAMA, in one place; the defaults are the released model's."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from gama_operations.errors import ModelInvalidError


@dataclass(frozen=True, slots=True)
class LoraConfig:
    """Low-rank adapters on the language model: y = Wx + (alpha / r) B(Ax)."""

    r: int = 8
    alpha: float = 16.0
    targets: tuple[str, ...] = ("q_proj", "v_proj")


LTU_POOL = 2
"""LTU averages so many neighbouring time patches into one audio token."""
POSITIVE = (
    *(
        "sample_rate",
        "mel_bins",
        "target_frames",
        "norm_std",
        "patch",
        "patch_frames",
        "embed_dim",
        "encoder_heads",
        "mlp_ratio",
    ),
    *(
        "blocks_a",
        "pool_divisor",
        "bert_heads",
        "bert_intermediate",
        "qformer_layers",
        "cross_attention_freq",
    ),
    *("query_tokens", "projection_dim"),
)
"""Fields that a division or an empty layer would punish."""


@dataclass(frozen=True, slots=True)
class GamaConfig:
    """Dimensions and constants. A field that differs from its default is a deviation from the release."""

    architecture: Literal["gama", "ltu"] = "gama"
    """`ltu`: the predecessor (Gong et al., ICLR 2024), the same encoder behind one projection and no more;
    the fields of Q-Former and aggregator mean nothing then."""
    sample_rate: int = 16_000
    mel_bins: int = 128
    target_frames: int = 1024
    """Frames of 10 ms that the encoder sees: short clips are padded, the rest of long ones is not heard."""
    norm_mean: float = -5.081
    norm_std: float = 4.4849

    patch: int = 16
    """Mel bins of a patch."""
    patch_frames: int = 16
    """Frames of a patch."""
    embed_dim: int = 768
    """Width of encoder, Q-Former and aggregator alike."""
    encoder_heads: int = 12
    mlp_ratio: int = 4
    blocks_a: int = 11
    blocks_u: int = 1
    block_j: int = 8
    """Index in `blocks_a` whose output the first aggregator layer attends to (paper mode)."""
    block_k: int = 4
    """The same for the second aggregator layer."""
    pool_divisor: float = 50.0
    """Pooled encoder features are divided by this before aggregator and Q-Former."""

    bert_heads: int = 12
    bert_intermediate: int = 3072
    qformer_layers: int = 12
    cross_attention_freq: int = 2
    """Q-Former layers 0, f, 2f, ... hear the audio; 1 means all of them."""
    query_tokens: int = 32
    aggregator_mode: Literal["official", "paper"] = "official"
    """`official`: the cross-attention is skipped, as in the released code; `paper`: Eq. 2 of the paper."""
    aggregator_dropout: float = 0.1
    """In training only. The Q-Former never drops out, as in the released code."""

    projection_dim: int = 4096
    """Width of the language model."""
    lora: LoraConfig | None = LoraConfig()

    def __post_init__(self) -> None:
        """Refuses what is no GAMA.

        Raises:
            ModelInvalidError: an unknown architecture or mode, a size not above 0, or sizes that contradict
                each other.
        """
        if self.architecture not in ("gama", "ltu"):
            raise ModelInvalidError(f"GamaConfig: architecture {self.architecture!r} is not gama or ltu")
        if self.aggregator_mode not in ("official", "paper"):
            raise ModelInvalidError(
                f"GamaConfig: aggregator_mode {self.aggregator_mode!r} is not official or paper"
            )
        wrong = [name for name in POSITIVE if getattr(self, name) <= 0]
        if wrong:
            raise ModelInvalidError(f"GamaConfig: {', '.join(wrong)} must be above 0")
        if self.mel_bins % self.patch or self.target_frames % self.patch_frames:
            raise ModelInvalidError(
                f"GamaConfig: mel_bins {self.mel_bins} and target_frames {self.target_frames} "
                f"must be multiples of patch {self.patch} and patch_frames {self.patch_frames}"
            )
        if self.architecture == "ltu" and self.time_patches % LTU_POOL:
            raise ModelInvalidError(
                f"GamaConfig: LTU averages {LTU_POOL} time patches, and target_frames {self.target_frames} "
                f"makes {self.time_patches}"
            )
        if self.embed_dim % self.encoder_heads or self.embed_dim % self.bert_heads:
            raise ModelInvalidError(
                f"GamaConfig: embed_dim {self.embed_dim} must be a multiple of encoder_heads "
                f"{self.encoder_heads} and bert_heads {self.bert_heads}"
            )
        if not (0 <= self.block_j < self.blocks_a and 0 <= self.block_k < self.blocks_a):
            raise ModelInvalidError(
                f"GamaConfig: block_j {self.block_j} and block_k {self.block_k} must be below "
                f"blocks_a {self.blocks_a}"
            )

    @property
    def freq_patches(self) -> int:
        """Patches along frequency."""
        return self.mel_bins // self.patch

    @property
    def time_patches(self) -> int:
        """Patches along time; also the number of aggregator tokens."""
        return self.target_frames // self.patch_frames

    @property
    def prefix_tokens(self) -> int:
        """Audio tokens in front of the text: Q-Former's, then aggregator's; LTU's are its pooled patches."""
        if self.architecture == "ltu":
            return self.time_patches // LTU_POOL
        return self.query_tokens + self.time_patches

    @property
    def window_seconds(self) -> float:
        """How much of a clip is heard; frames are 10 ms apart."""
        return self.target_frames * 0.01

    @classmethod
    def official(cls) -> Self:
        """The released GAMA (7B), with its unmerged LoRA."""
        return cls()

    @classmethod
    def ltu(cls) -> Self:
        """The released LTU (7B, on Vicuna), with its unmerged LoRA; its features are GAMA's."""
        return cls(architecture="ltu")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Config from the JSON form; absent fields take the official value.

        Raises:
            ModelInvalidError: a field is unknown, or the sizes contradict each other.
        """
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ModelInvalidError(f"config.json: unknown fields in `gama`: {', '.join(unknown)}")
        try:
            lora = values.get("lora", asdict(LoraConfig()))
            if isinstance(lora, dict):
                known: dict[str, Any] = {**lora, "targets": tuple(lora.get("targets", LoraConfig().targets))}
                lora = LoraConfig(**known)
            known_fields: dict[str, Any] = {**values, "lora": lora}
            return cls(**known_fields)
        except TypeError as error:  # text where a number belongs, or an unknown field of LoRA
            raise ModelInvalidError(f"config.json: `gama` holds a value of a wrong type: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """JSON form, every field written out."""
        return asdict(self)
