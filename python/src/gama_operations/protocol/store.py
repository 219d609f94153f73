"""Models on the disk."""

from typing import Literal

from msgspec import Struct

from gama_operations.protocol.models import Capability


class StoredModel(Struct, frozen=True, forbid_unknown_fields=True):
    """A model of the store: fetched from the hub, or added from a folder."""

    name: str
    """What `load_model` takes."""
    state: Literal["whole", "unfinished", "damaged"]
    """`unfinished`: its download goes on when asked for again; `damaged`: its manifest cannot be read."""
    folder: str
    family: str | None
    """`model_type` of its config.json."""
    capabilities: list[Capability]
    """Of models of that type, before one is loaded; empty where they cannot be loaded here."""
    source: str
    """`hub:owner/name`, or the folder that was added."""
    revision: str | None
    """12 hex digits: of the commit, or of the hashes of what was added."""
    size: int
    """Bytes of its files in the store."""
    linked_size: int
    """Bytes of its files that lie in the folder that was added."""
    files: int


class DownloadModelData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `download_model`. A download that was cut off goes on where it ended.

    The token is the hub's own (`HF_TOKEN`, `hf auth login`), and never crosses the wire.
    """

    repo: str
    """`owner/name`; a Space as `spaces/owner/name`."""
    revision: str | None = None
    """Branch, tag or commit; the default branch when absent. The commit behind it is pinned."""
    name: str | None = None
    """What it is called here; by default as the repository, without its owner."""
    files: list[str] = []
    """Shell patterns of the files to fetch; by default config, weights, tokenizer and licence."""


class DownloadModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `download_model`. Progress stages: list, download, hash (bytes), convert (files)."""

    model: StoredModel


class AddModelData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `add_model`: the folder's files are linked, its pickles converted to safetensors."""

    folder: str
    """Has a config.json and weights; or a base and a stage checkpoint of GAMA, somewhere below."""
    name: str | None = None
    """What it is called here; by default as the folder."""
    base: str | None = None
    """Folder of the language model, where the folder has several or none: relative to it, or absolute."""
    checkpoint: str | None = None
    """The stage checkpoint, in the same way."""


class AddModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `add_model`. Progress stages: hash (bytes), convert (files), compose."""

    model: StoredModel


class VerifyModelData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `verify_model`."""

    name: str
    hashes: bool = True
    """Read every file and compare its SHA-256; otherwise sizes, headers, names and shapes only."""


class VerifyModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `verify_model`. Progress stages: hash (bytes), structure."""

    model: StoredModel
    problems: list[str]
    """What is wrong, where, and what to do; empty when nothing is."""
    bytes_read: int
    tensors: int
    """In the safetensors files; 0 where a problem stood before."""
    structure: str | None
    """What names and shapes make, in words; null where a problem stood before, or the family is unknown."""


class ListModelsData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `list_models`."""


class ListModelsResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `list_models`."""

    folder: str
    """The store: `GRYM_CACHE/models`, by default `~/.cache/grym-synth/models`."""
    models: list[StoredModel]
    """By name."""
    free: int
    """Bytes that are free there."""


class RemoveModelData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `remove_model`: a model of the store, or what an unfinished download has left."""

    name: str


class RemoveModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `remove_model`; what the model only linked to is still there."""

    freed: int
    """Bytes."""
