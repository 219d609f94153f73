"""How each kind of question is recognised, in the words of training and in others.

A model refuses questions of kinds that it has not learnt (`gama_operations.models.gama.offers`), so the
patterns go by the words that make a question what it is, not by a list of sentences. A prompt that matches
several kinds is answered when one of them is offered. They are searched without regard to case.
"""

from training.phrases import NOUN_PHRASES
from training.render.classes import SPEECH

_END = r"\s*[?.!]*\s*$"
_PERSON = r"(?:someone|somebody|anyone|anybody|people|(?:a |any )?person)"
# whoever asks for speech asks the kind of that name, whatever the words
_BARE = "|".join(
    phrase
    for name, phrase in sorted(NOUN_PHRASES.items())
    if name != SPEECH and not phrase.startswith(("a ", "an "))
)
# what `has` may ask for: things with an article, and the closed list of those without; never a person
_THING = rf"(?:(?!(?:a |any )?(?:person|voice)\b)(?:an?|any|the) [\w-]+(?: [\w-]+)?|{_BARE})"
_WHERE = r"(?: in (?:the |this )?(?:clip|recording|background|audio))?"


def _either(*words: str) -> str:
    """One of the words, `or`, and one of them again: `low or high`, `fast, or rather slow`."""
    listed = "|".join(words)
    return rf"\b(?:{listed})\b.*\bor\b.*\b(?:{listed})\b"


def _any(*patterns: str) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


PATTERNS: dict[str, str] = {
    "class": _any(
        r"\bwhat is the main sound\b",
        rf"\bwhat (?:do|can) (?:you|i) hear{_END}",
        rf"\b(?:which|what) (?:sound|noise|instrument|animal) (?:is (?:this|it|that)|do you hear){_END}",
        rf"\bwhat is (?:this|that|the) (?:sound|noise){_END}",
        rf"\bwhat (?:makes|is making) (?:the|this|that) (?:sound|noise){_END}",
        rf"\b(?:name|identify) (?:the|this) (?:main )?(?:sound|noise){_END}",
        rf"^\W*what am i (?:listening to|hearing){_END}",
    ),
    "count": _any(
        r"\bhow often\b",
        r"\bhow many (?!different|kinds|types|sources|things|words|speakers|people)\w+\b(?! of )",
        r"\bcount (?:the (?!sources|different)|how (?:often|many times))",
        r"\bnumber of (?!sources|different)",
    ),
    "register": _any(r"\bregister\b", r"\bhow (?:low|high)\b", _either("low", "high", "middle")),
    "direction": _any(
        r"\b(?:rise|rises|rising|fall|falls|falling|ascending|descending)\b",
        _either("up", "down", "stay"),
        r"\b(?:where|which way) do(?:es)? the (?:pitch|notes|melody)\b",
        r"\bhow do(?:es)? the (?:pitch|notes|melody) (?:move|go|change)\b",
    ),
    "tempo": _any(
        r"\btempo\b",
        r"\bspeed\b",
        r"\bhow (?:fast|slow|quick)(?:ly)?\b",
        _either("fast", "slow", "quick", "quickly", "slowly"),
    ),
    "order1": r"^(?!.*\bafter\b).*\b(?:first|begins?|beginning|starts?)\b",
    "order2": r"\b(?:second|last|ends?|after)\b",
    "background": r"\b(?:background|behind|underneath|over which)\b",
    "sources": _any(
        r"\bhow many (?:different|kinds|types|sources|things)\b",
        r"\b(?:count the|number of) (?:different|sources)\b",
    ),
    "speech": _any(
        rf"^\W*(?:is|are|do|does|can)\b.*\b{_PERSON}\b.*\b(?:speak|talk)(?:s|ing)?\b",
        rf"^\W*(?:is there|do you hear|can you hear)(?: any| a)? (?:speech|voice|{_PERSON})\b",
    ),
    "has": _any(
        rf"\b(?:do|can) you hear {_THING}{_WHERE}{_END}",
        rf"\bdoes (?:the clip|this|it) (?:contain|have) {_THING}{_END}",
        rf"\bdoes (?:this|it) sound like {_THING}{_END}",
        rf"^\W*is (?:this|it|there) {_THING}{_WHERE}{_END}",
        rf"^\W*(?:is|can) {_THING} (?:be )?(?:heard|in the clip){_END}",
    ),
    "loudness": r"\b(?:loud|louder|loudness|quiet|volume|level)\b",
    "sex": _any(r"\bwho\b", r"\bwhose\b", _either("man", "woman", "male", "female")),
    "language": _any(r"\blanguage\b", _either("english", "german", "french", "spanish")),
    "words": _any(
        r"\bwords?\b",
        r"\btranscri",
        r"\bwhat (?:is|was) (?:being )?said\b",
        r"\bwhat do(?:es)? .*\bsay\b",
    ),
    "caption": _any(
        r"\bdescri(?:be|bing|ption)\b",
        r"\bcaption\b",
        r"\bwhat (?:happens|is happening|is going on)\b",
        r"\b(?:say|write|tell me) what (?:you hear|i hear|happens)\b",
    ),
}
