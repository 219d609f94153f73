"""What a model of the store consists of: each file with size and SHA-256, and where it came from."""

import hashlib
import shlex
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Literal

import msgspec

from gama_operations.errors import ModelInvalidError

MANIFEST = "grym-manifest.json"
RepoType = Literal["model", "space", "dataset"]
PREFIXES: dict[RepoType, str] = {"space": "spaces/", "dataset": "datasets/"}
"""What the hub's addresses put before `owner/name`."""
_BLOCK = 4 << 20  # bytes


def address_of(repo: str, repo_type: RepoType) -> str:
    """`owner/name`, with the prefix of what is no model."""
    return f"{PREFIXES.get(repo_type, '')}{repo}"


class HubSource(msgspec.Struct, frozen=True, tag="hub", forbid_unknown_fields=True):
    """A repository of the hub at one commit."""

    repo: str
    repo_type: RepoType
    commit: str
    """The commit that was pinned, 40 hex digits."""
    asked: str | None
    """The branch, tag or commit that was asked for; None: the default branch."""
    include: list[str] = []
    """Shell patterns of the files that were asked for; none: our choice."""

    @property
    def address(self) -> str:
        """`owner/name`, with the prefix of what is no model."""
        return address_of(self.repo, self.repo_type)

    def command(self, name: str) -> str:
        """The line for a shell that brings the same again."""
        return _line("download", f"{self.address}@{self.commit}", name, include=self.include)


class FolderSource(msgspec.Struct, frozen=True, tag="folder", forbid_unknown_fields=True):
    """A folder of the user's, whose files are linked and never changed."""

    path: str
    base: str | None = None
    """As it was given, absolute or relative to the folder."""
    checkpoint: str | None = None

    def command(self, name: str) -> str:
        """The line for a shell that brings the same again."""
        parts = {"base": self.base, "checkpoint": self.checkpoint}
        return _line("add", self.path, name, **{key: [part] for key, part in parts.items() if part})


def _line(action: str, what: str, name: str, **options: list[str]) -> str:
    pairs = [(f"--{option}", value) for option, values in options.items() for value in values]
    words = ["grym-synth", "model", action, what, "--name", name, *chain.from_iterable(pairs)]
    return shlex.join(words)


class Original(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The pickle that a safetensors file was made from."""

    path: str
    size: int
    sha256: str


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the model; its path is relative to the model's folder."""

    path: str
    size: int
    sha256: str
    modified_ns: int
    """When it was last written, as the file system says: then its content need not be read again."""
    linked: bool = False
    """It lies in the folder that was added, and does not count as ours."""
    made_from: Original | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The list that `verify` compares with."""

    format: Literal[1]
    source: HubSource | FolderSource
    revision: str
    files: list[ModelFile]

    def write(self, folder: Path) -> None:
        """Writes it into the model's folder."""
        text = msgspec.json.format(msgspec.json.encode(self), indent=2)
        (folder / MANIFEST).write_bytes(text + b"\n")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Reads the manifest of a model's folder.

        Raises:
            ModelInvalidError: it is missing or damaged.
        """
        file = folder / MANIFEST
        try:
            return msgspec.json.decode(file.read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError) as error:
            raise ModelInvalidError(f"{file} cannot be read: {error}") from error

    def is_untouched(self, folder: Path) -> bool:
        """Whether every file has the size and the time of writing that it had; reads no content."""
        try:
            found = [(folder / file.path).stat() for file in self.files]
        except OSError:
            return False
        return all(
            (stat.st_size, stat.st_mtime_ns) == (file.size, file.modified_ns)
            for stat, file in zip(found, self.files, strict=True)
        )

    def is_same(self, folder: Path) -> bool:
        """Whether every file has the content that it had; reads it all, unless a size has changed."""
        places = [folder / file.path for file in self.files]
        try:
            if any(place.stat().st_size != file.size for place, file in zip(places, self.files, strict=True)):
                return False
            found = [digest(place, lambda _count: None).sha256 for place in places]
        except OSError:
            return False
        return found == [file.sha256 for file in self.files]


class Digests(msgspec.Struct, frozen=True):
    """Hashes of a file: its own, and the one that git names it by."""

    size: int
    sha256: str
    git_sha1: str


def digest(file: Path, read: Callable[[int], None]) -> Digests:
    """Hashes of a file's content, read once.

    Args:
        file: What to read.
        read: Told the bytes of each block; may raise to stop.
    """
    size = file.stat().st_size
    sha256, sha1 = hashlib.sha256(), hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            sha256.update(block)
            sha1.update(block)
            read(len(block))
    return Digests(size, sha256.hexdigest(), sha1.hexdigest())


def describe_file(
    folder: Path,
    path: str,
    digests: Digests,
    *,
    linked: bool = False,
    made_from: Original | None = None,
) -> ModelFile:
    """The manifest's line about a file."""
    modified = (folder / path).stat().st_mtime_ns
    return ModelFile(path, digests.size, digests.sha256, modified, linked, made_from)


def weights_revision(files: list[ModelFile]) -> str:
    """12 hex digits that change when weights or config do."""
    hashed = [file for file in files if file.path.endswith((".safetensors", "config.json"))]
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in sorted(hashed, key=lambda file: file.path))
    return hashlib.sha256(lines.encode()).hexdigest()[:12]
