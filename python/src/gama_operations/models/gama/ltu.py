"""LTU's audio stack (Gong et al., "Listen, Think, and Understand", ICLR 2024): GAMA's predecessor.

The same encoder without norms of middle layers, patches averaged over frequency and over pairs in time, and
one projection: norm without parameters, then Linear. Frontend, 1/50, LoRA, prompt and the place of the audio
tokens before BOS are those of GAMA. Its base is Vicuna 7B.

UNTESTED against numbers of the official code, of which there are none here: written after its source
(YuanGongND/ltu, commit 2002aad). Its 93,065,216 trainable and 6,831,480,832 parameters, which its README
states, are met. LTU-AS, which hears through Whisper, is another model and not supported.
Shapes: B batch, M mel bins, S time tokens, P = S / 2 prefix tokens, D width, H width of the language model.
"""

from torch import Tensor, nn

from gama_operations.errors import InvalidRequestError
from gama_operations.models.gama.audio_stack import AudioTokens
from gama_operations.models.gama.config import LTU_POOL, GamaConfig
from gama_operations.models.gama.encoder import AudioEncoder, EncoderOutput
from gama_operations.models.gama.projector import projector_norm

UNTESTED = (
    "LTU is written after its source and was never compared with numbers of the official code; its names, "
    "shapes and parameter counts were"
)
"""What a loaded LTU says of itself."""


class LtuStack(nn.Module):
    """Encoder and projection, with the official names."""

    def __init__(self, config: GamaConfig) -> None:
        super().__init__()
        self.config = config
        D, H = config.embed_dim, config.projection_dim
        self.audio_encoder = AudioEncoder(config)
        self.audio_proj = nn.Sequential(projector_norm(D), nn.Linear(D, H))

    def tokens(self, _encoded: EncoderOutput, _keep: Tensor | None = None) -> AudioTokens:
        """There are none: LTU goes from the encoder to the language model.

        Raises:
            InvalidRequestError: always.
        """
        raise InvalidRequestError("LTU has no Q-Former and no aggregator: its layers are the encoder's")

    def forward(self, fbank: Tensor, keep: Tensor | None = None) -> Tensor:
        """Prefix [B, P, H] of features [B, target_frames, M]; `keep` as in AudioEncoder."""
        encoder = self.audio_encoder
        columns = encoder.time_tokens(encoder(fbank, keep).last, keep)  # (B, S, D)
        pairs = columns.unflatten(1, (-1, LTU_POOL)).mean(2)
        return self.audio_proj(pairs / self.config.pool_divisor)
