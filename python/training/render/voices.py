"""Voices and words of the speech sounds: espeak-ng languages, voice variants by sex and split, vocabularies.

A variant is a speaker. Variants that espeak-ng renders alike (fallbacks of the default voice, members of one
series such as steph and steph2) stay on one side of the split; whispers and effect voices are left out
because their sex cannot be heard.
"""

LANGUAGES: dict[str, tuple[str, ...]] = {
    "english": ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us-nyc"),
    "german": ("de",),
    "french": ("fr-fr", "fr-be", "fr-ch"),
    "spanish": ("es", "es-419"),
}
LANGUAGE_WEIGHTS = (0.52, 0.16, 0.16, 0.16)

TRAIN_VARIANTS: dict[str, tuple[str, ...]] = {
    "man": (
        "adam", "Alex", "Andy", "antonio", "benjamin", "boris", "Diogo", "ed", "edward", "Gene", "Henrique",
        "Hugo", "Jacky", "Lee", "marcelo", "Marco", "mario", "max", "michel", "norbert", "paul", "pedro",
        "quincy", "RicishayMax2", "rob", "robert", "sandro", "kaukovalta", "travis", "victor", "iven4",
        "Storm", "klatt", "klatt2", "klatt4", "m1", "m2", "m3", "m5", "m6", "croak", "grandpa",
    ),
    "woman": ("Alicia", "Andrea", "steph", "steph2", "steph3", "f1", "f2", "f5", "grandma"),
}  # fmt: skip
TEST_VARIANTS: dict[str, tuple[str, ...]] = {
    "man": ("m4", "m7", "m8", "david", "Denis", "miguel", "john", "pablo"),
    "woman": ("f3", "f4", "Annie", "linda", "aunty", "belinda", "anika"),
}

DIGITS: dict[str, tuple[str, ...]] = {
    "english": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "german": ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    "french": ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    "spanish": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
}
WORDS: dict[str, tuple[str, ...]] = {
    "english": (
        "yes", "no", "stop", "go", "left", "right", "up", "down", "open", "close", "hello", "water", "music",
        "house", "green", "light", "morning", "please",
    ),
    "german": ("ja", "nein", "links", "rechts", "bitte", "danke", "wasser", "haus", "guten", "morgen",
        "licht"),
    "french": ("oui", "non", "gauche", "droite", "bonjour", "merci", "maison", "lumière", "musique", "matin"),
    "spanish": ("sí", "izquierda", "derecha", "gracias", "hola", "agua", "casa", "luz", "verde", "mañana"),
}  # fmt: skip
