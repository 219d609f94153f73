"""Stage B: the language model from scratch, and the whole audio stack, on captions and answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from gama_operations.models.gama.model import Gama
from training.batches import batch_indices
from training.fingerprint import short_hash
from training.gama.choose import choose_pairs
from training.gama.encoder import SupervisedAudio, TrainingData, parameter_groups, set_rate, step_keep
from training.gama.heads import Heads, Views
from training.gama.packing import Packed, attention_mask, encode_segments, pack, position_ids
from training.gama.settings import JointSettings, llama_config
from training.precision import plain_attention, training_precision
from training.runs import Run
from training.schedule import warmup_flat_linear

LOG_EVERY = 50


@dataclass(frozen=True)
class StepResult:
    """Answer loss, share of answer tokens guessed (teacher-forced), stage A's loss."""

    answers: float
    tokens: float
    labels: float


class JointModel(nn.Module):
    """GAMA and the heads of stage A; the heads do not ship."""

    def __init__(self, gama: Gama, heads: Heads) -> None:
        super().__init__()
        self.gama = gama
        self.heads = heads

    def forward(
        self, fbank: Tensor, columns: Tensor, keep: Tensor | None, text: Packed
    ) -> tuple[Tensor, Tensor, Views]:
        """Logits and targets of the answer tokens, [N, V] and [N], and what the heads say."""
        audio = self.gama.audio
        encoded = audio.audio_encoder(fbank, keep)
        tokens = audio.tokens(encoded, keep)
        views = self.heads(audio.audio_encoder.time_tokens(encoded.last, keep), tokens, columns)
        prefix = audio.project(tokens)
        P = prefix.shape[1]
        embeds = self.gama.embed_text(text.input_ids)
        hidden = self.gama.language_model.base_model(
            inputs_embeds=torch.cat([prefix.to(embeds.dtype), embeds], 1),
            attention_mask=attention_mask(text.segments, P),
            position_ids=position_ids(text.positions, P),
            use_cache=False,
        ).last_hidden_state[:, P:]
        answered = text.targets >= 0
        logits = self.gama.language_model.get_output_embeddings()(hidden[answered])
        return logits, text.targets[answered], views


def joint_model(start: SupervisedAudio, settings: JointSettings, vocabulary: int) -> JointModel:
    """A fresh language model behind the audio stack that stage A trained."""
    torch.manual_seed(settings.seed)
    gama = Gama.from_config(start.audio.config, llama_config(settings, vocabulary))
    gama.audio.load_state_dict(start.audio.state_dict())
    if settings.gradient_checkpointing:
        gama.language_model.activation_checkpointing_enable()
    return JointModel(gama, start.heads)


def optimizer_for(model: JointModel, settings: JointSettings) -> torch.optim.AdamW:
    """Two rates: the projections are as new as the language model and learn as fast."""
    fresh = nn.ModuleList(
        [model.gama.language_model, model.gama.audio.audio_proj_qformer, model.gama.audio.audio_proj_audioenc]
    )
    groups = parameter_groups(fresh, lr=settings.learning_rate, decay=settings.weight_decay)
    taken = {id(weight) for weight in fresh.parameters()}
    for group in parameter_groups(model, lr=settings.audio_learning_rate, decay=settings.weight_decay):
        group["params"] = [weight for weight in group["params"] if id(weight) not in taken]
        groups.append(group)
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


def _train_step(
    model: JointModel,
    optimizer: torch.optim.Optimizer,
    data: TrainingData,
    tokenizer: Tokenizer,
    settings: JointSettings,
    *,
    step: int,
) -> StepResult:
    """One optimiser step."""
    generator = np.random.default_rng([settings.seed, step])
    indices = batch_indices(step, batch=settings.batch, total=len(data.metas), seed=settings.seed)
    config = model.gama.config
    kept = None if step >= settings.steps * (1 - settings.full_share) else settings.kept
    keep = step_keep(data.features, indices, kept=kept, config=config, generator=generator)
    pairs = [choose_pairs(data.metas[index], settings.questions, generator) for index in indices]
    text = pack([encode_segments(tokenizer, row) for row in pairs])
    set_rate(optimizer, warmup_flat_linear(step, total=settings.steps, warmup=settings.warmup))
    targets = data.targets(indices, config)
    with training_precision():
        logits, wanted, views = model(data.features.rows(indices), targets.heard, keep, text)
    answers = functional.cross_entropy(logits.float(), wanted)
    labels = model.heads.loss(
        views, targets, smoothing=settings.encoder.smoothing, column_weight=settings.encoder.column_weight
    )
    optimizer.zero_grad()
    with plain_attention():
        (answers + settings.tag_weight * labels).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    hits = (logits.argmax(-1) == wanted).float().mean()
    return StepResult(answers.item(), hits.item(), labels.item())


def train_joint(
    data: TrainingData,
    start: SupervisedAudio,
    tokenizer: Tokenizer,
    settings: JointSettings,
    runs: Path,
    *,
    texts: str,
    until: int | None = None,
) -> tuple[JointModel, Run]:
    """Trains to `settings.steps`, from the newest checkpoint of the same run if there is one.

    `texts` is the id of questions and tokenizer. `until` stops at that step instead; 0 only reads the
    checkpoint.
    """
    run = Run("joint", settings, runs, short_hash(data.id, texts))
    model = joint_model(start, settings, tokenizer.get_vocab_size()).train()
    optimizer = optimizer_for(model, settings)
    state: dict[str, Any] | None = run.begin()
    if state is not None:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    history: list[StepResult] = []
    last = min(settings.steps, settings.steps if until is None else until)
    while run.step < last:
        history.append(_train_step(model, optimizer, data, tokenizer, settings, step=run.step))
        run.stepped(settings.batch)
        if run.step % LOG_EVERY == 0:
            names = ("answers", "tokens", "labels")
            run.log(**{name: float(np.mean([getattr(item, name) for item in history])) for name in names})
            history.clear()
        if run.save_due(last):
            run.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    return model, run
