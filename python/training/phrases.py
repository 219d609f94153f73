"""The closed language of questions and captions: noun phrases, verbs, number words."""

from training.render.classes import CLASSES

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six")

_OWN_NOUNS = {
    "mallets": "a mallet instrument",
    "strings": "a string instrument",
    "brass": "a brass instrument",
    "reed": "a reed instrument",
    "ocean": "ocean waves",
} | {name: name for name in ("crickets", "typing", "rain", "wind", "thunder", "applause", "static", "speech")}

VERBS = {
    "dog": "barks", "cat": "meows", "cow": "moos", "bird": "chirps", "frog": "croaks", "owl": "hoots",
    "duck": "quacks", "knock": "sounds", "hammer": "strikes", "church bell": "tolls", "car horn": "honks",
    "gunshot": "sounds", "water drop": "falls", "touch tone": "sounds", "footstep": "sounds",
    "alarm": "beeps", "telephone": "rings", "whistle": "blows", "clock": "ticks", "crickets": "chirp",
    "bee": "buzzes", "engine": "runs", "helicopter": "flies", "siren": "wails", "typing": "clicks",
    "heartbeat": "pulses", "train": "rolls", "vacuum cleaner": "hums", "rain": "falls", "wind": "blows",
    "ocean": "roll", "fire": "crackles", "thunder": "rumbles", "applause": "sounds", "static": "hisses",
    "stream": "flows",
}  # fmt: skip


def noun_phrase(name: str) -> str:
    """A class with its article: `a dog`, `an engine`, `rain`, `a brass instrument`."""
    if name in _OWN_NOUNS:
        return _OWN_NOUNS[name]
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


NOUN_PHRASES: dict[str, str] = {name: noun_phrase(name) for name in CLASSES}


def times(count: int) -> str:
    """`once`, `twice`, `three times`."""
    return {1: "once", 2: "twice"}.get(count, f"{NUMBERS[count]} times")
