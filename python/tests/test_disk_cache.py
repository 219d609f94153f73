"""What was computed is kept on disk within a bound, whole or not at all, for all processes."""

import logging
import os
import subprocess
import sys

import pytest

from gama_operations import disk_cache
from gama_operations.disk_cache import DiskCache
from gama_operations.errors import InvalidRequestError


def entry(number, size=80):
    return bytes([number]) * size


def key(number):
    return f"{number:040x}"


@pytest.fixture
def cache(tmp_path):
    return DiskCache(tmp_path / "computed", 1_000_000)


@pytest.mark.parametrize("content", [b"", b"a", bytes(range(256)) * 40])
def test_an_entry_is_given_back_as_it_was(cache, content):
    cache.put(key(1), content)
    assert cache.get(key(1)) == content
    assert cache.get(key(2)) is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_entry_is_told_removed_and_never_given(cache, tmp_path, caplog, damage):
    cache.put(key(1), entry(7))
    [file] = [path for path in (tmp_path / "computed").rglob("*") if path.is_file()]
    data = file.read_bytes()
    flipped = bytearray(data)
    flipped[-3] ^= 1
    changed = {"cut": data[:-1], "flipped": bytes(flipped), "empty": b"", "other": b"x" * len(data)}
    file.write_bytes(changed[damage])
    with caplog.at_level(logging.WARNING):
        assert cache.get(key(1)) is None
    assert "damaged" in caplog.text
    assert not file.exists()
    cache.put(key(1), entry(7))
    assert cache.get(key(1)) == entry(7)


def test_the_least_recently_used_go_when_there_are_too_many_bytes(tmp_path):
    one = len(disk_cache._head(b"")) + len(entry(0))
    cache = DiskCache(tmp_path, 20 * one)
    for number in range(20):
        cache.put(key(number << 140), entry(number))
        place = cache._place(key(number << 140))
        os.utime(place, (1000 + number, 1000 + number))
    assert cache.get(key(0)) == entry(0)  # used now
    for number in range(20, 24):
        cache.put(key(number << 140), entry(number))
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "room.lock"]
    assert sum(path.stat().st_size for path in files) <= 20 * one
    assert cache.get(key(0)) is not None
    assert cache.get(key(1 << 140)) is None
    assert cache.get(key(23 << 140)) is not None
    cache.put(key(99), entry(1, size=100_000))  # larger than all together
    assert cache.get(key(99)) is None


def test_what_a_dead_process_left_half_written_goes(tmp_path):
    cache = DiskCache(tmp_path, 10_000)
    cache.put(key(1), entry(1))
    folder = cache._place(key(1)).parent
    (folder / ".old.1.1").write_bytes(b"half")
    os.utime(folder / ".old.1.1", (1, 1))
    (folder / ".new.1.1").write_bytes(b"half")
    DiskCache(tmp_path, 10_000).put(key(2), entry(2))
    assert [path.name for path in folder.glob(".*")] == [".new.1.1"]


def test_a_folder_that_cannot_be_used_is_told_once_and_stops_nothing(tmp_path, caplog):
    (tmp_path / "computed").write_text("a file in its place")
    cache = DiskCache(tmp_path / "computed", 10_000)
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            cache.put(key(number), entry(number))
            assert cache.get(key(number)) is None
    assert caplog.text.count("cannot be used") == 1


WRITER = """
import sys
from pathlib import Path
from gama_operations.disk_cache import DiskCache
cache = DiskCache(Path(sys.argv[1]), 40_000)
for round in range(150):
    for number in range(round % 7, 60, 7):
        name = f"{number:040x}"
        found = cache.get(name)
        assert found is None or found == bytes([number]) * 800, number
        cache.put(name, bytes([number]) * 800)
"""


def test_processes_that_share_it_never_see_half_an_entry_and_keep_the_bound(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for writer in writers:
        _, errors = writer.communicate(timeout=300)
        assert writer.returncode == 0, errors
        assert "damaged" not in errors
    left = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert left <= 40_000 * (1 + 3 * disk_cache.LOOK_AGAIN_SHARE) + 1000


def test_the_limit_is_the_environment_s_and_nonsense_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path))
    monkeypatch.setenv(disk_cache.LIMIT, "0")
    assert disk_cache.open_cache() is None
    for stated in ("many", "-1", "inf", "nan"):
        monkeypatch.setenv(disk_cache.LIMIT, stated)
        with pytest.raises(InvalidRequestError, match="GRYM_FEATURE_CACHE_MB"):
            disk_cache.open_cache()
    monkeypatch.delenv(disk_cache.LIMIT)
    assert disk_cache.open_cache()._max_bytes == 1024 * 1_000_000
