"""An executor that has done its work before `submit` returns: moto is not sound under threads, no story needs them."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ImmediateExecutor(Executor):
    """Does everything at once, in the order that it is asked to."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it; a BaseException, such as a kill, goes on up."""
        done = Future[T]()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # the future has it
            done.set_exception(error)
        return done
