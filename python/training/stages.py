"""The trained stages, each from its inputs to what it leaves behind."""

from pathlib import Path

from training.cache import training_folder
from training.clip_folders import ClipSet, clips_folder
from training.evaluate.asking import blind_table
from training.export import export_gama, export_wav2vec2
from training.fingerprint import features_id, labels_id, render_id, text_id
from training.gama.encoder import SupervisedAudio, TrainingData, train_encoder
from training.gama.features import load_features
from training.gama.joint import train_joint
from training.gama.labels import build_labels
from training.gama.settings import JointSettings, llama_config
from training.gama.tokenizer import load_tokenizer
from training.gama.vocabulary import build_vocabulary
from training.runs import Run
from training.shards import Shards, joined, open_shards
from training.wav2vec2.settings import FIRST, SECOND
from training.wav2vec2.train import train

SCENES, WORD_CLIPS = 40_000, 10_000
"""Rendered clips of scenes, and of English words alone."""
BLIND_CLIPS = 12_000
JOINT = JointSettings()


def runs_folder() -> Path:
    """Where logs and checkpoints of all runs lie."""
    return training_folder() / "runs"


def train_shards() -> Shards:
    """All training clips: scenes, then words."""
    return joined(_rendered("train", SCENES), _rendered("words", WORD_CLIPS))


def _rendered(clips: ClipSet, number: int) -> Shards:
    shards = open_shards(clips_folder(clips), clips=number)
    if len(shards) < number:
        raise RuntimeError(f"{len(shards)} of {number} clips of the set {clips} are rendered")
    return shards


def wav2vec2_stage() -> None:
    """Two iterations of masked cluster prediction, then the export."""
    shards, data = train_shards(), render_id()
    model, first = train(shards, FIRST, runs_folder(), data=data)
    model, second = train(shards, SECOND, runs_folder(), data=data, student_of=(model, first))
    export_wav2vec2(model, [first, second])


def training_data() -> TrainingData:
    """Features and labels of all training clips."""
    shards = train_shards()
    vocabulary = build_vocabulary(shards.metas)
    file = f"log-mel-{len(shards)}-{features_id()}.npy"
    features = load_features(
        shards, training_folder() / "features" / file, patch_frames=JOINT.encoder.patch_frames
    )
    return TrainingData(
        labels_id(), features, build_labels(shards.metas, vocabulary), vocabulary, shards.metas
    )


def encoder_stage(settings: JointSettings = JOINT) -> tuple[TrainingData, SupervisedAudio, Run]:
    """Stage A of gama-tiny."""
    data = training_data()
    model, run = train_encoder(data, settings.encoder, runs_folder(), lm_width=settings.width)
    return data, model, run


def joint_stage(settings: JointSettings = JOINT) -> None:
    """Stage B of gama-tiny, then the export."""
    data, start, first = encoder_stage(settings)
    tokenizer_file = training_folder() / f"tokenizer-{text_id()}.json"
    tokenizer = load_tokenizer(tokenizer_file, data.metas, size=settings.vocabulary, seed=settings.seed)
    blind = blind_table(data.metas[:BLIND_CLIPS])
    language_model = llama_config(settings, tokenizer.get_vocab_size())
    model, second = train_joint(data, start, tokenizer, settings, runs_folder(), texts=text_id())
    export_gama(model.gama, tokenizer_file, language_model, runs=[first, second], blind=blind)
