"""Captions in closed wording, the attributes that one states, and their F1 against another caption."""

import re
from typing import Any

from training.phrases import NOUN_PHRASES, NUMBERS, VERBS, times

LOUDNESS_WORDS = {"quiet": ", quietly", "medium": "", "loud": ", loudly"}
TEMPO_WORDS = {"fast": " quickly", "slow": " slowly"}
_SCALARS = {
    "direction": ("rising", "falling", "steady", "rises", "falls"),
    "register": ("low", "middle", "high"),
    "tempo": ("quickly", "slowly"),
    "language": ("english", "german", "french", "spanish"),
}
_COUNTS = {times(n): n for n in range(1, 7)} | {f"{NUMBERS[n]} notes": n for n in range(2, 7)}


def _notes(event: dict[str, Any]) -> str:
    words = [NUMBERS[event["count"]], event["direction"], event["register"]]
    return " ".join(w for w in words if w) + (" note" if event["count"] == 1 else " notes")


def event_caption(event: dict[str, Any]) -> str:
    """One event: `a dog barks three times`, `a piano plays two rising low notes`, `a man speaks german`."""
    tempo = TEMPO_WORDS.get(event["tempo"] or "", "")
    subject = NOUN_PHRASES[event["class"]]
    if event["kind"] == "speech":
        return f"a {event['sex']} speaks {event['language']}"
    if event["kind"] == "instrument":
        return f"{subject} plays {_notes(event)}{tempo}"
    if event["class"] == "sweep":
        return f"a sweep {'rises' if event['direction'] == 'rising' else 'falls'}"
    verb = f"{subject} {VERBS[event['class']]}"
    return f"{verb} {times(event['count'])}{tempo}" if event["count"] else verb


def caption(meta: dict[str, Any]) -> str:
    """The clip in one line, e.g. `a dog barks three times over rain, quietly`."""
    text = ", then ".join(event_caption(event) for event in meta["events"])
    if meta["background"]:
        text += f" over {NOUN_PHRASES[meta['background']]}"
    return text + LOUDNESS_WORDS[meta["loudness"]]


def _subject(clause: str) -> str | None:
    if re.match(r"a (man|woman) speaks", clause):
        return clause.split(" ")[1]
    starts = [p for p in NOUN_PHRASES.values() if clause == p or clause.startswith(p + " ")]
    return max(starts, key=len) if starts else None


def _count(clause: str) -> int | None:
    plays = re.search(r" plays (\w+) .*notes?\b", clause)
    if plays and plays[1] in NUMBERS:
        return NUMBERS.index(plays[1])
    return next((n for words, n in _COUNTS.items() if re.search(rf"\b{words}\b", clause)), None)


def attributes(text: str) -> set[tuple[str, str]]:
    """Facts that a caption states, each as (name with the event's position, value).

    Background and loudness belong to the clip; loudness is always stated (silence about it is medium).
    """
    line = text.lower().strip().rstrip(".")
    loudness = next((name for name in ("quiet", "loud") if line.endswith(LOUDNESS_WORDS[name])), "medium")
    facts = {("loudness", loudness)}
    line = re.sub(r", (quietly|loudly)$", "", line)
    line, _, background = line.partition(" over ")
    if background:
        facts.add(("background", background.strip()))
    for position, clause in enumerate(line.split(", then ")):
        subject, count = _subject(clause), _count(clause)
        if subject:
            facts.add((f"class {position}", subject))
        if count:
            facts.add((f"count {position}", str(count)))
        rest = clause[len(subject or "") :].split()
        for name, values in _SCALARS.items():
            facts |= {(f"{name} {position}", value) for value in values if value in rest}
    return facts


def caption_f1(answer: str, expected: str) -> float:
    """F1 of the attributes of two captions: 1 when they state the same facts, 0 when none is shared."""
    given, wanted = attributes(answer), attributes(expected)
    shared = len(given & wanted)
    return 2 * shared / (len(given) + len(wanted))
