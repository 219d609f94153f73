"""Trains wav2vec2-tiny by masked prediction of clusters; no label is read."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.batches import batch_indices
from training.precision import training_precision
from training.runs import Run
from training.schedule import warmup_cosine
from training.shards import Shards
from training.wav2vec2.cepstra import cepstra
from training.wav2vec2.model import MaskedClusterModel, mask_spans, normalise
from training.wav2vec2.settings import Wav2Vec2Settings, wav2vec2_config
from training.wav2vec2.targets import ClusterTargets, Describe, fit_targets, random_crops

LOG_EVERY = 50


def teacher(model: MaskedClusterModel, layer: int) -> Describe:
    """Frame features of hidden layer `layer` of a trained model: the second iteration's clusters."""
    model.eval()

    def describe(waveforms: Tensor) -> Tensor:
        with training_precision():
            output = model.wav2vec2(normalise(waveforms), output_hidden_states=True)
        return output.hidden_states[layer].float()

    return describe


def _train_step(
    model: MaskedClusterModel,
    optimizer: torch.optim.Optimizer,
    targets: ClusterTargets,
    shards: Shards,
    settings: Wav2Vec2Settings,
    *,
    step: int,
) -> tuple[float, float]:
    """One optimiser step; returns loss and accuracy on masked frames."""
    generator = np.random.default_rng([settings.seed, step])
    indices = batch_indices(step, batch=settings.batch, total=len(shards), seed=settings.seed)
    crops = random_crops(shards, indices, settings.crop, generator)
    wanted = targets(crops)
    mask = mask_spans(
        (wanted.shape[0], wanted.shape[1]),
        share=settings.mask_share,
        span=settings.mask_span,
        generator=generator,
    )
    factor = warmup_cosine(step, total=settings.steps, warmup=settings.warmup)
    for group in optimizer.param_groups:
        group["lr"] = settings.learning_rate * factor
    with training_precision():
        loss, accuracy = model(crops, torch.from_numpy(mask), wanted)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item(), accuracy.item()


def train(
    shards: Shards,
    settings: Wav2Vec2Settings,
    runs: Path,
    *,
    data: str,
    student_of: tuple[MaskedClusterModel, Run] | None = None,
    until: int | None = None,
) -> tuple[MaskedClusterModel, Run]:
    """Trains to `settings.steps`, from the newest checkpoint of the same run if there is one.

    `data` is the id of the clips. `student_of` is the first iteration's model and run, when this is the
    second. `until` stops at that step instead; 0 only reads the checkpoint.
    """
    start = "" if student_of is None else student_of[1].id
    run = Run(f"wav2vec2-{settings.iteration}", settings, runs, data, start)
    torch.manual_seed(settings.seed)
    model = MaskedClusterModel(wav2vec2_config(settings))
    optimizer = torch.optim.AdamW(
        model.parameters(), settings.learning_rate, (0.9, 0.98), weight_decay=settings.weight_decay
    )
    state = run.begin()
    describe = cepstra
    if student_of is not None:
        # unlike HuBERT, whose second model starts fresh: an hour of CPU is too little to learn twice
        model.wav2vec2.load_state_dict(student_of[0].wav2vec2.state_dict())
        describe = teacher(student_of[0], settings.teacher_layer)
    if state is None:
        targets = fit_targets(
            shards, describe, clusters=settings.clusters, crop=settings.crop, seed=settings.seed
        )
    else:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        targets = ClusterTargets(describe, state["centres"])
    model.train()
    history: list[tuple[float, float]] = []

    def checkpoint() -> None:
        parts: dict[str, Any] = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        run.save({**parts, "centres": targets.centres})

    last = min(settings.steps, settings.steps if until is None else until)
    while run.step < last:
        history.append(_train_step(model, optimizer, targets, shards, settings, step=run.step))
        run.stepped(settings.batch)
        if run.step % LOG_EVERY == 0:
            loss, accuracy = np.mean(history, axis=0)
            run.log(loss=loss, masked_accuracy=accuracy)
            history.clear()
        if run.save_due(last):
            checkpoint()
    return model, run
