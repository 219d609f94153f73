"""Qwen2-Audio (Chu et al., 2024): 30 s of audio before a Qwen2.

transformers gives it no `get_audio_features`; that is why `listening` watches its forward pass.
"""

from transformers import Qwen2AudioForConditionalGeneration, Qwen2AudioProcessor

from gama_operations.models.family.folder import FamilyFolder
from gama_operations.models.family.language_model import AudioLanguageModel, Kind, load_language_model
from gama_operations.models.family.names import ReadFile, check_names

QWEN2_AUDIO = Kind(
    "qwen2-audio",
    Qwen2AudioForConditionalGeneration,
    Qwen2AudioProcessor,
    "feature_attention_mask",
    window_seconds=None,
)


def check(folder: FamilyFolder, read: ReadFile) -> int:
    """Number of parameters, where names and shapes make the model.

    Raises:
        ModelInvalidError: they do not.
    """
    return check_names(folder, Qwen2AudioForConditionalGeneration, read)


def load(folder: FamilyFolder) -> AudioLanguageModel:
    """Loads a folder.

    Raises:
        ModelInvalidError: its files do not make the model.
    """
    return load_language_model(folder, QWEN2_AUDIO)
