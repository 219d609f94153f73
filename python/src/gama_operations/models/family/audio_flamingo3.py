"""Audio Flamingo 3 (Goel et al., 2025): windows of 30 s side by side, up to `max_audio_len`, before a Qwen2.

Its class is named here because the mappings of transformers list it under other tasks than its relatives.
"""

from dataclasses import replace

from transformers import AudioFlamingo3ForConditionalGeneration, AudioFlamingo3Processor

from gama_operations.models.family.folder import FamilyFolder
from gama_operations.models.family.language_model import AudioLanguageModel, Kind, load_language_model
from gama_operations.models.family.names import ReadFile, check_names

AUDIO_FLAMINGO_3 = Kind(
    "audio-flamingo-3",
    AudioFlamingo3ForConditionalGeneration,
    AudioFlamingo3Processor,
    "input_features_mask",
    window_seconds=None,
)


def check(folder: FamilyFolder, read: ReadFile) -> int:
    """Number of parameters, where names and shapes make the model.

    Raises:
        ModelInvalidError: they do not.
    """
    return check_names(folder, AudioFlamingo3ForConditionalGeneration, read)


def load(folder: FamilyFolder) -> AudioLanguageModel:
    """Loads a folder.

    Raises:
        ModelInvalidError: its files do not make the model.
    """
    processor = folder.processor(AudioFlamingo3Processor)
    chunk = processor.feature_extractor.chunk_length
    longest = float(processor.max_audio_len // chunk * chunk)
    return load_language_model(folder, replace(AUDIO_FLAMINGO_3, window_seconds=longest))
