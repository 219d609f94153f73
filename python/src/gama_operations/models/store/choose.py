"""Which files of a folder or a repository belong to a model."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from fnmatch import fnmatch
from pathlib import PurePosixPath

from gama_operations.errors import InvalidRequestError

PICKLES = (".bin", ".pth", ".pt")
_SUFFIXES = (".safetensors", *PICKLES, ".json", ".txt", ".model", ".jinja", ".md")
_TEXTS = ("LICENSE", "LICENCE", "NOTICE", "USE_POLICY")
_OURS = "grym-*.json"  # what the store itself writes
# what training leaves beside a checkpoint, to go on with: as large as the weights, and no model
_OF_TRAINING = ("optimizer*", "scheduler*", "rng_state*", "training_args*", "trainer_state*", "scaler*")


def is_pickle(path: str) -> bool:
    """Whether the file is one that torch would unpickle."""
    return path.endswith(PICKLES)


def is_converted(path: str) -> bool:
    """Whether the store keeps what is made from this file, and not itself: a pickle, or an index of some."""
    return is_pickle(path) or path.endswith(".bin.index.json")


def safe_path(path: str) -> str:
    """The path that a file has in the store.

    What is made from a pickle is called as transformers calls it: `pytorch_model` is `model`.
    """
    if not is_converted(path):
        return path
    folder, slash, name = path.rpartition("/")
    for suffix in PICKLES:
        name = name.replace(f"{suffix}.index.json", ".safetensors.index.json").removesuffix(suffix)
    safe = name if name.endswith(".index.json") else f"{name}.safetensors"
    return f"{folder}{slash}{safe.replace('pytorch_model', 'model')}"


def choose_files(paths: Iterable[str], patterns: Collection[str] = ()) -> list[str]:
    """The files of a model among all paths of a repository or folder, sorted.

    Left out: code, which is never run; weights for other libraries; what belongs to training; and
    pickles in a folder that has its weights as safetensors.

    Args:
        paths: Relative, with `/`.
        patterns: Shell patterns of whole paths; where there are some, they alone decide, but for the names
            of the store's own files.
    """
    if patterns:
        others = [path for path in paths if not fnmatch(PurePosixPath(path).name, _OURS)]
        return sorted(path for path in others if any(fnmatch(path, pattern) for pattern in patterns))
    kept = [path for path in paths if _belongs(PurePosixPath(path))]
    safe = {PurePosixPath(path).parent for path in kept if path.endswith(".safetensors")}
    return sorted(path for path in kept if not (is_converted(path) and PurePosixPath(path).parent in safe))


def refuse_doubles(paths: Iterable[str]) -> None:
    """Does each file have a path of its own in the store?

    Raises:
        InvalidRequestError: what is made from one would overwrite another.
    """
    by_target: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_target[safe_path(path)].append(path)
    for target, sources in by_target.items():
        if len(sources) > 1:
            raise InvalidRequestError(
                f"{' and '.join(sorted(sources))} would both be {target} in the store, where pickles become "
                "safetensors: choose one of them"
            )


def _belongs(path: PurePosixPath) -> bool:
    if any(part.startswith(".") for part in path.parts):
        return False
    if any(fnmatch(path.name, pattern) for pattern in (_OURS, *_OF_TRAINING)):
        return False
    return path.suffix in _SUFFIXES or path.name.upper().startswith(_TEXTS)
