"""Imports WeasyPrint in two thirds of the time (decision 56); its documents have the same bytes.

At each import, WeasyPrint compiles its C declarations, has the system's certificate authorities read three times, and
imports what few fonts need. Import this module before any other that imports WeasyPrint.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from types import ModuleType
from typing import Any

# Emoji, variable fonts and WOFF files need these; a certificate's fonts are subset by HarfBuzz.
SELDOM_USED = "fontTools.subset", "fontTools.varLib.instancer", "fontTools.ttLib.woff2"


def digest(declarations: str) -> str:
    return sha256(declarations.encode()).hexdigest()


class _WhenCalled(ModuleType):
    """In place of a module: a call of one of its functions or classes imports it."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: Any, **named: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*arguments, **named)

        return call


class _Declared:
    """In place of `cffi.FFI`: takes the compiled declarations, or compiles those of another version."""

    def cdef(self, declarations: str) -> None:
        types = import_module("earned.document.weasyprint_types")
        if digest(declarations) == types.OF:
            self._ffi = types.ffi
        else:
            del sys.modules["cffi"]
            self._ffi = import_module("cffi").FFI()
            self._ffi.cdef(declarations)

    def dlopen(self, name: str, flags: int) -> Any:
        """Never unloaded: at the end of the process, some objects are freed after the libraries."""
        return self._ffi.dlopen(name, flags | os.RTLD_NODELETE)

    def __getattr__(self, name: str) -> Any:
        found = vars(self)[name] = getattr(self._ffi, name)  # kept: WeasyPrint asks again for each text
        return found


class _Cffi(ModuleType):
    FFI = _Declared


@contextmanager
def _standing_in(*modules: ModuleType) -> Iterator[None]:
    absent = [module for module in modules if module.__name__ not in sys.modules]
    sys.modules.update((module.__name__, module) for module in absent)
    try:
        yield
    finally:
        for module in absent:
            if sys.modules.get(module.__name__) is module:
                del sys.modules[module.__name__]


@contextmanager
def _without_authorities() -> Iterator[None]:
    """OpenSSL reads this variable when a client's context is made; nothing is fetched while WeasyPrint is imported."""
    variable, before = "SSL_CERT_FILE", os.environ.get("SSL_CERT_FILE")
    os.environ[variable] = os.devnull
    try:
        yield
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before


_stand_ins: list[ModuleType] = [*map(_WhenCalled, SELDOM_USED)]
if sys.platform == "linux":  # elsewhere, cffi also looks for the libraries
    _stand_ins.append(_Cffi("cffi"))
with _without_authorities(), _standing_in(*_stand_ins):
    import weasyprint  # noqa: F401  # imported for what it leaves in sys.modules
