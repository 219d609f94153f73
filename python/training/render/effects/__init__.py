"""Synthetic sounds: importing the package fills the table of `registry`."""

from training.render.effects import animals, machines, objects, textures
from training.render.effects.events import render_continuous, render_countable, source_of
from training.render.effects.registry import CONTINUOUS, COUNTABLE

__all__ = [
    "CONTINUOUS",
    "COUNTABLE",
    "animals",
    "machines",
    "objects",
    "render_continuous",
    "render_countable",
    "source_of",
    "textures",
]
