"""Stage A: encoder, aggregator and Q-Former learn what sounds, how often, how, and who speaks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gama_operations.models.gama.audio_stack import AudioStack
from gama_operations.models.gama.config import GamaConfig
from training.batches import batch_indices
from training.gama.columns import column_targets
from training.gama.features import Features
from training.gama.heads import Heads, Views
from training.gama.labels import Labels, Targets
from training.gama.patchout import keep_patches
from training.gama.settings import EncoderSettings, gama_config
from training.gama.vocabulary import Vocabulary
from training.precision import training_precision
from training.runs import Run
from training.schedule import warmup_cosine

LOG_EVERY = 50


@dataclass(frozen=True)
class TrainingData:
    """What stages A and B read.

    Attributes:
        id: of features and labels (`training.fingerprint`).
    """

    id: str
    features: Features
    labels: Labels
    vocabulary: Vocabulary
    metas: list[dict[str, Any]]

    def targets(self, indices: NDArray[np.int64], config: GamaConfig) -> Targets:
        """What the clips of a step are asked."""
        columns = column_targets(
            [self.metas[index] for index in indices],
            self.vocabulary,
            columns=config.time_patches,
            patch_frames=config.patch_frames,
        )
        heard = torch.from_numpy(self.features.columns[indices])
        return Targets(*self.labels.rows(indices), columns, heard)


class SupervisedAudio(nn.Module):
    """GAMA's audio stack and the heads of stage A."""

    def __init__(self, config: GamaConfig, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.audio = AudioStack(config)
        self.heads = Heads(vocabulary, width=config.embed_dim, queries=config.query_tokens)

    def forward(self, fbank: Tensor, columns: Tensor, keep: Tensor | None) -> Views:
        """What the heads say."""
        encoded = self.audio.audio_encoder(fbank, keep)
        tokens = self.audio.tokens(encoded, keep)
        return self.heads(self.audio.audio_encoder.time_tokens(encoded.last, keep), tokens, columns)


def step_keep(
    features: Features, indices: Any, *, kept: int | None, config: GamaConfig, generator: np.random.Generator
) -> Tensor | None:
    """Patches of a step: `kept` of them, or all when None."""
    if kept is None:
        return None
    return keep_patches(
        features.columns[indices],
        kept=kept,
        freq=config.freq_patches,
        time=config.time_patches,
        generator=generator,
    )


def parameter_groups(module: nn.Module, *, lr: float, decay: float) -> list[dict[str, Any]]:
    """Matrices with weight decay; norms, biases, positions and queries without."""
    named = [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]
    bare = ("pos_embed_a", "query_tokens")
    plain = [weight for name, weight in named if weight.ndim < 2 or name.endswith(bare)]
    kept = {id(weight) for weight in plain}
    decayed = [weight for _, weight in named if id(weight) not in kept]
    return [
        {"params": decayed, "peak": lr, "weight_decay": decay},
        {"params": plain, "peak": lr, "weight_decay": 0.0},
    ]


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Scales every group's peak learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


def _train_step(
    model: SupervisedAudio,
    optimizer: torch.optim.Optimizer,
    data: TrainingData,
    settings: EncoderSettings,
    step: int,
) -> tuple[float, float]:
    """One optimiser step; returns the loss and the class accuracy of the first event."""
    generator = np.random.default_rng([settings.seed, step])
    indices = batch_indices(step, batch=settings.batch, total=len(data.metas), seed=settings.seed)
    full = step >= settings.steps * (1 - settings.full_share)
    kept = None if full else settings.kept
    keep = step_keep(data.features, indices, kept=kept, config=model.audio.config, generator=generator)
    set_rate(optimizer, warmup_cosine(step, total=settings.steps, warmup=settings.warmup))
    targets = data.targets(indices, model.audio.config)
    with training_precision():
        views = model(data.features.rows(indices), targets.heard, keep)
    loss = model.heads.loss(
        views, targets, smoothing=settings.smoothing, column_weight=settings.column_weight
    )
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    hits, asked = model.heads.accuracy(views.outputs[0].detach(), targets.choices)["class0"]
    return loss.item(), hits / max(1, asked)


def train_encoder(
    data: TrainingData, settings: EncoderSettings, runs: Path, *, lm_width: int, until: int | None = None
) -> tuple[SupervisedAudio, Run]:
    """Trains to `settings.steps`, from the newest checkpoint of the same run if there is one.

    `until` stops at that step instead; 0 only reads the checkpoint.
    """
    run = Run("encoder", settings, runs, data.id)
    torch.manual_seed(settings.seed)
    config = gama_config(
        settings, norm_mean=data.features.mean, norm_std=data.features.std, lm_width=lm_width
    )
    model = SupervisedAudio(config, data.vocabulary).train()
    groups = parameter_groups(model, lr=settings.learning_rate, decay=settings.weight_decay)
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98))
    state = run.begin()
    if state is not None:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    history: list[tuple[float, float]] = []
    last = min(settings.steps, settings.steps if until is None else until)
    while run.step < last:
        history.append(_train_step(model, optimizer, data, settings, run.step))
        run.stepped(settings.batch)
        if run.step % LOG_EVERY == 0:
            loss, accuracy = np.mean(history, axis=0)
            run.log(loss=loss, class_accuracy=accuracy)
            history.clear()
        if run.save_due(last):
            run.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    return model, run
