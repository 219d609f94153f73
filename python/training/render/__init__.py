"""Renders labelled sounds from seeds: fluidsynth instruments, espeak-ng speech, synthetic effects."""

from training.render.scene import Clip, render_clip

__all__ = ["Clip", "render_clip"]
