"""Paths that name no file to hear, and what is left open."""

import os
from pathlib import Path

import pytest

from audio_files import noise, written
from gama_operations.audio import decode
from gama_operations.errors import AudioNotFoundError, InvalidAudioError

NOBODY = 65534


def test_a_missing_file_is_named_by_its_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AudioNotFoundError, match=f"{tmp_path}/sounds/a.wav"):
        decode("sounds/a.wav")
    with pytest.raises(AudioNotFoundError, match=rf"{tmp_path}/~/a.wav \(`~` is not expanded\)"):
        decode("~/a.wav")


def test_relative_paths_are_relative_to_the_process(tmp_path, monkeypatch):
    written(tmp_path / "a.wav", noise(1))
    monkeypatch.chdir(tmp_path)
    assert decode("a.wav").seconds == 1.0


def test_folders_pipes_and_impossible_names_are_not_found(tmp_path):
    with pytest.raises(AudioNotFoundError, match="is a folder: name a file in it"):
        decode(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioNotFoundError, match="not a regular file"):
        decode(tmp_path / "pipe.wav")
    with pytest.raises(AudioNotFoundError, match="is not a path"):
        decode("a\0.wav")
    with pytest.raises(AudioNotFoundError, match="File name too long"):
        decode("a" * 5000)


def test_a_file_without_permission_says_so(tmp_path):
    path = written(tmp_path / "a.wav", noise(1))
    path.chmod(0o000)
    root = os.geteuid() == 0  # root may read everything: be nobody for a moment, who may enter the folders
    modes = {folder: folder.stat().st_mode for folder in path.parents if root}
    modes = {folder: mode for folder, mode in modes.items() if not mode & 0o001}
    try:
        for folder, mode in modes.items():
            folder.chmod(mode | 0o001)
        if root:
            os.seteuid(NOBODY)
        with pytest.raises(AudioNotFoundError, match="may not be read by this process: check"):
            decode(path)
    finally:
        if root:
            os.seteuid(0)
        for folder, mode in modes.items():
            folder.chmod(mode)


def test_no_descriptor_stays_open(tmp_path):
    good, bad = written(tmp_path / "a.wav", noise(1)), tmp_path / "b.wav"
    bad.write_bytes(b"RIFF\x24\x08\0\0WAVE")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        decode(good)
        with pytest.raises(InvalidAudioError):
            decode(bad)
        with pytest.raises(AudioNotFoundError):
            decode(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
