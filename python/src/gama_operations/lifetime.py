"""How the process begins and ends: private descriptors, and no life without its parent."""

import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def claim_wire() -> tuple[int, int]:
    """Take standard input and output away from everybody else.

    Afterwards fd 0 reads nothing and fd 1 leads to stderr, so a library's print, C's puts and the
    processes that a library starts can neither write into the protocol nor eat its requests.

    Returns:
        Private descriptors (requests, answers), not inherited by children.
    """
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    os.register_at_fork(after_in_child=lambda: _let_go_of_wire(requests, answers))
    return requests, answers


def _let_go_of_wire(requests: int, answers: int) -> None:
    """A forked child neither reads requests nor answers any, and holds no end of the wire open."""
    os.dup2(0, requests, inheritable=False)
    os.dup2(2, answers, inheritable=False)


def die_with_parent() -> None:
    """Be killed when the parent dies (Linux), also while C code holds the interpreter lock.

    GRYM_PARENT_PID names the process that wants us; if it died before the signal was set, end now.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    expected = os.environ.get("GRYM_PARENT_PID")
    # A wrapper (nice, a launcher script) may stand between us, so another parent alone is no proof.
    if expected and os.getppid() != int(expected) and not _is_alive(int(expected)):
        os._exit(0)


# The shell that waits is the child of one that ends at once: an operation that waits for its children must
# not wait for ours. A shell takes standard input away from what it sends to the background, hence fd 3.
_SHELL = "/bin/sh"
_GUARD_FD = 3
_GUARD = "{ trap '' INT TERM HUP; read -r _ <&3; kill -KILL 0; } &"


def take_children_along() -> None:
    """Let nothing that a library starts outlive this process, also when that is killed (Linux).

    A shell in our process group waits for the end of a pipe that only we hold open, and then kills the
    group. Where the group is somebody else's (requests by `echo` in a script) there is none.
    """
    if sys.platform != "linux" or os.environ.get("GRYM_PARENT_PID") is None or os.getpgrp() != os.getpid():
        return
    if not os.access(_SHELL, os.X_OK):
        sys.stderr.write(f"{_SHELL} is missing: programs that a library starts may outlive this process.\n")
        return
    waits, held = os.pipe()
    os.register_at_fork(after_in_child=lambda: os.close(held))
    shell = os.posix_spawn(
        _SHELL,
        ["gama-guard", "-c", _GUARD],
        {},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, waits, _GUARD_FD),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    os.close(waits)
    os.waitpid(shell, 0)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def ignore_interrupts() -> None:
    """Ctrl-C belongs to the notebook: interrupting a cell must not kill the models."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def share_the_cores() -> None:
    """Let waiting threads sleep, unless the user decided otherwise; before numpy and torch are imported.

    The threads of OpenMP (torch) and OpenBLAS (numpy, scipy) spin while they wait for each other. On a
    machine with more work than cores (2 cores, load 9) an answer of gama-tiny then took 14 s where
    sleeping threads took 0.3 s, and a linear probe of 468 clips 37 s where one thread took 1.4 s.
    OpenBLAS has no way to sleep; our statistics are too small to gain from its threads.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def let_the_reader_in() -> None:
    """Let the reader thread have the interpreter soon, also while a model computes in Python.

    With Python's own interval, 5 ms, a ping under a pure-Python loop (a tokeniser, a decoding loop) takes
    5.7 ms, with half a millisecond 1.0 ms; models keep their pace, the shipped one as well as loops of
    Python (`npm run bench -- bridge`). A tenth of a millisecond would give 0.6 ms, but on a machine with
    more work than cores loops lost an eighth and more.
    """
    sys.setswitchinterval(0.0005)


def end(code: int) -> NoReturn:
    """End now, without the teardown of torch's threads, which can hang or crash after the last answer."""
    sys.stderr.flush()
    os._exit(code)
