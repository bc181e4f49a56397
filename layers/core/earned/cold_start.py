"""A function starts without garbage collections: they take an eighth of a start, and what imports make stays.

Import this module before others, and call `done` when the function is wired.
"""

import gc

gc.disable()


def done() -> None:
    gc.freeze()  # later collections do not look through it either
    gc.enable()
