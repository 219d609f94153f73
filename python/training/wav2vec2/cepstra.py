"""Mel cepstra on wav2vec2's own frame grid: what the first clusters are made of.

Frame length 400 and shift 320 samples at 16 kHz equal the receptive field and stride of the
convolutional feature encoder, so frame t of both describes the same samples.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor

FRAME, SHIFT, FFT = 400, 320, 512
MELS, CEPSTRA = 40, 24
FLOOR = 1e-6
"""Added to the mel energies: 16-bit silence must not become a cluster of rounding noise."""


@lru_cache(maxsize=1)
def _mel_filters() -> Tensor:
    """Triangles on the mel scale 2595 log10(1 + f/700), 20-8000 Hz, shape [257, 40]."""
    low, high = (2595 * math.log10(1 + hertz / 700) for hertz in (20.0, 8000.0))
    edges = 700 * (10 ** (torch.linspace(low, high, MELS + 2) / 2595) - 1)
    hertz = torch.linspace(0, 8000, FFT // 2 + 1)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0)


@lru_cache(maxsize=1)
def _dct() -> Tensor:
    """Orthonormal DCT-II, shape [40, 24]."""
    mel = torch.arange(MELS)[:, None] + 0.5
    basis = torch.cos(math.pi / MELS * mel * torch.arange(CEPSTRA)) * math.sqrt(2 / MELS)
    basis[:, 0] /= math.sqrt(2)
    return basis


def cepstra(waveforms: Tensor) -> Tensor:
    """Cepstra and their slopes of waveforms [B, T], shape [B, L, 48].

    The slope is the regression over ±2 frames (HTK book, eq. 5.16), doubled so that k-means
    weighs it against the cepstra.
    """
    frames = waveforms.unfold(-1, FRAME, SHIFT)  # [B, L, 400]
    frames = (frames - frames.mean(-1, keepdim=True)) * torch.hann_window(FRAME, periodic=False)
    power = torch.fft.rfft(frames, FFT).abs().square()  # [B, L, 257]
    static = torch.log(power @ _mel_filters() + FLOOR) @ _dct()  # [B, L, 24]
    padded = torch.cat([static[:, :1].expand(-1, 2, -1), static, static[:, -1:].expand(-1, 2, -1)], 1)
    slope = (padded[:, 3:-1] - padded[:, 1:-3] + 2 * (padded[:, 4:] - padded[:, :-4])) / 10
    return torch.cat([static, 2 * slope], -1)
