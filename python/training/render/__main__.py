"""Command, from folder `python/`: `python -m training.render --split train --clips 40000 --workers 2`."""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from training.clip_folders import CLIP_SETS, clips_folder, outdated_folders
from training.render import fluid, speech
from training.render.shards import SHARD_CLIPS, is_complete, write_shard


def main() -> int:
    """Render what is missing of a split and report rate and end."""
    parser = argparse.ArgumentParser(
        description="Render training clips from seeds; complete shards are kept."
    )
    parser.add_argument("--split", choices=CLIP_SETS, required=True)
    parser.add_argument("--clips", type=int, required=True)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    absent = [reason for reason in (fluid.missing(), speech.missing()) if reason]
    if absent:
        print("cannot render: " + "; ".join(absent), file=sys.stderr)
        return 1
    os.environ["OMP_NUM_THREADS"] = "1"
    sizes = {
        k // SHARD_CLIPS: min(SHARD_CLIPS, options.clips - k) for k in range(0, options.clips, SHARD_CLIPS)
    }
    todo = {k: n for k, n in sizes.items() if not is_complete(options.split, k, n)}
    folder = clips_folder(options.split)
    for old in outdated_folders():
        print(f"{old} was made by another renderer and is not read: delete it when nothing needs it")
    print(f"{options.split}: {len(sizes) - len(todo)} of {len(sizes)} shards are in {folder}", flush=True)
    started, done, total, rejected = time.monotonic(), 0, sum(todo.values()), 0
    with ProcessPoolExecutor(options.workers) as pool:
        running = {pool.submit(write_shard, options.split, k, n): n for k, n in todo.items()}
        for future in as_completed(running):
            rejected += future.result()
            done += running[future]
            rate = done / (time.monotonic() - started)
            print(
                f"{options.split}: {done} of {total} clips, {rate:.0f} a second, "
                f"{(total - done) / rate / 60:.1f} min left, {rejected} silent renders drawn again",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
