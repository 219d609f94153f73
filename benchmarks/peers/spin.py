"""Keeps a core from sleeping, and runs only where nothing else would; ends with its parent."""

import os

parent = os.getppid()
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
