"""`python -m gama_operations`: the process that holds the models.

By hand, one request on each line:

    echo '{"id": 1, "operation": "extract_features", "data": {"audio": "clip.wav", "model": "fbank"}}' \
        | python -m gama_operations
"""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gama_operations.lifetime import (
    claim_wire,
    die_with_parent,
    end,
    ignore_interrupts,
    let_the_reader_in,
    share_the_cores,
    take_children_along,
)

if TYPE_CHECKING:  # the wire is claimed before anything else is imported
    from gama_operations.operations import BoundOperation

Operations = Mapping[str, "BoundOperation"]


def main(more_operations: Callable[[], Operations] = dict) -> None:
    """Serve until standard input ends or a shutdown is asked for; exit code 0.

    Args:
        more_operations: Operations beside the protocol's own, called once the wire is safe.
    """
    requests, answers = claim_wire()
    ignore_interrupts()
    die_with_parent()
    share_the_cores()
    let_the_reader_in()

    from gama_operations.bridge import Bridge
    from gama_operations.operations import bind
    from gama_operations.running import RunningMark
    from gama_operations.session import Session
    from gama_operations.tensors import Arenas
    from gama_operations.wire import LineReader, LineWriter

    session = Session(Arenas.inherit(os.environ))
    operations = {**bind(session), **more_operations()}
    running = RunningMark.inherit(os.environ)
    take_children_along()  # it inherits descriptors that are not private yet
    Bridge(LineWriter(answers), session, operations, running).serve(LineReader(requests))
    end(0)


if __name__ == "__main__":
    main()
