"""Kaldi log-mel filterbank, as GAMA's training computed it (torchaudio.compliance.kaldi.fbank).

25 ms frames every 10 ms without padding at the edges, per-frame DC removal, pre-emphasis 0.97 with
the first sample replicated, symmetric Hann window, 512-point power spectrum, triangles linear in
mel = 1127 ln(1 + f / 700) from 20 Hz to 8 kHz, natural log. Computed in float64, where near-silent bins
lie closer to the official float32 numbers than another order of float32 operations does.
Shapes: B batch, C channels, T samples, N frames, M mel bins.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gama_operations.models.gama.config import GamaConfig

FRAME_LENGTH = 400  # samples: 25 ms at 16 kHz
FRAME_SHIFT = 160  # samples: 10 ms at 16 kHz
N_FFT = 512
PREEMPHASIS = 0.97
LOW_HZ = 20.0
FRAMES_AT_ONCE = 128  # more does not stay in the cache, and takes several times as long
LOG_FLOOR = 1.1920928955078125e-07  # float32 epsilon, Kaldi's floor before the log


def _mel(hertz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return 1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0)


def mel_filters(mel_bins: int, sample_rate: int) -> Tensor:
    """Triangles [N_FFT / 2 + 1, M] in float64, not normalised by area; the Nyquist bin weighs nothing."""
    edges = np.linspace(_mel(LOW_HZ), _mel(sample_rate / 2), mel_bins + 2)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]  # each (M,)
    bins = _mel(np.arange(N_FFT // 2) * sample_rate / N_FFT)[:, None]  # (256, 1)
    rising = (bins - low) / (centre - low)
    falling = (high - bins) / (high - centre)
    filters = np.maximum(0.0, np.minimum(rising, falling))  # (256, M)
    return torch.from_numpy(np.pad(filters, ((0, 1), (0, 0))))


def frame_count(samples: int) -> int:
    """Frames of a clip; one shorter than a frame is padded to one frame."""
    return 1 + max(0, samples - FRAME_LENGTH) // FRAME_SHIFT


class MelFrontend(nn.Module):
    """Waveforms to the normalised [B, target_frames, M] that the encoder reads."""

    window: Tensor
    filters: Tensor

    def __init__(self, config: GamaConfig) -> None:
        super().__init__()
        self.config = config
        window = torch.hann_window(FRAME_LENGTH, periodic=False, dtype=torch.float64)
        self.register_buffer("window", window, persistent=False)
        filters = mel_filters(config.mel_bins, config.sample_rate)
        self.register_buffer("filters", filters, persistent=False)

    def frames_heard(self, samples: int) -> int:
        """Frames of a clip of so many samples that are not padding."""
        return min(frame_count(samples), self.config.target_frames)

    def log_mel(self, waveform: Tensor) -> Tensor:
        """Log-mel [..., N, M] of mono waveforms [..., T] in [-1, 1], neither padded nor normalised."""
        if waveform.shape[-1] < FRAME_LENGTH:
            waveform = nn.functional.pad(waveform, (0, FRAME_LENGTH - waveform.shape[-1]))
        frames = waveform.to(self.window).unfold(-1, FRAME_LENGTH, FRAME_SHIFT)  # (..., N, 400)
        chunks = [self._log_mel_of_frames(chunk) for chunk in frames.split(FRAMES_AT_ONCE, -2)]
        return torch.cat(chunks, -2)

    def _log_mel_of_frames(self, frames: Tensor) -> Tensor:
        frames = frames - frames.mean(-1, keepdim=True)
        previous = torch.cat([frames[..., :1], frames[..., :-1]], -1)
        frames = (frames - PREEMPHASIS * previous) * self.window
        spectrum = torch.fft.rfft(frames, N_FFT)  # (..., N, 257)
        power = spectrum.real.square() + spectrum.imag.square()
        return (power @ self.filters).clamp_min(LOG_FLOOR).log().float()

    def normalise(self, log_mel: Tensor) -> Tensor:
        """Pads [..., N, M] with zeros to target_frames (or cuts), then normalises: padding is not silence."""
        missing = self.config.target_frames - log_mel.shape[-2]
        # a negative pad cuts
        padded = nn.functional.pad(log_mel, (0, 0, 0, missing))
        return (padded - self.config.norm_mean) / self.config.norm_std

    def forward(self, waveforms: Sequence[NDArray[np.float32] | Tensor]) -> Tensor:
        """Features [B, target_frames, M] of waveforms [C, T] or [T] at the config's sample rate.

        Stereo is not mixed down: the mean of all channels and samples is removed, then channel 0 is
        taken, as the released code does.
        """
        # clip by clip: the frames of one clip stay in the cache, which beats one pass over all of them
        return torch.stack([self.normalise(self.log_mel(self._heard(waveform))) for waveform in waveforms])

    def _heard(self, waveform: NDArray[np.float32] | Tensor) -> Tensor:
        channels = torch.atleast_2d(torch.as_tensor(waveform)).to(self.window)
        samples = FRAME_LENGTH + (self.config.target_frames - 1) * FRAME_SHIFT
        return (channels[0] - channels.mean())[:samples]
