"""Compile the C declarations of the installed WeasyPrint, which it otherwise compiles at each start."""

import ast
import tempfile
from importlib.util import find_spec
from pathlib import Path

from cffi import FFI

from earned.document import weasyprint_start
from earned.document.weasyprint_start import digest

WRITTEN = Path(weasyprint_start.__file__).with_name("weasyprint_types.py")
HEAD = '"""The C declarations of WeasyPrint, compiled by `make weasyprint-types`."""\n\nOF = "{}"\n\n'


def declarations() -> str:
    spec = find_spec("weasyprint.text.ffi")
    assert spec is not None
    assert spec.origin is not None
    calls = [node for node in ast.walk(ast.parse(Path(spec.origin).read_text("utf-8"))) if isinstance(node, ast.Call)]
    [source] = [ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == "ffi.cdef"]
    return str(source)


def compiled(source: str) -> str:
    """A module with cffi's types of these declarations, for ABI mode."""
    ffi = FFI()
    ffi.cdef(source)
    ffi.set_source("weasyprint_types", None)
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder, "weasyprint_types.py")
        ffi.emit_python_code(str(module))
        return HEAD.format(digest(source)) + module.read_text("ascii").partition("\n")[2]


if __name__ == "__main__":
    WRITTEN.write_text(compiled(declarations()), "ascii")
