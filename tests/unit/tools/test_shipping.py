"""What `make build` says of a function's weight: all that Lambda unpacks, on each processor."""

from pathlib import Path

import pytest

from tools.package import shipping
from tools.package.built import LIMIT, Function
from tools.package.shipping import Weight, weigh


def function(folder: Path, *sizes: int) -> Function:
    """A function and its layers, in folders with one file of each size."""
    parts = [folder / name for name in ("code", "CoreLayer", "WeasyPrintLayer")]
    for part, size in zip(parts, sizes, strict=True):
        (part / "deep").mkdir(parents=True)
        (part / "deep" / "file").write_bytes(bytes(size))
    return Function("Sweep", "sweep", "app.handler", 128, 30, parts[0], tuple(parts[1:]), {})


def test_a_function_weighs_what_it_and_its_layers_weigh_on_each_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = {"arm64": function(tmp_path / "arm64", 1, 20, 300), "x86_64": function(tmp_path / "x86_64", 1, 20, 400)}
    monkeypatch.setattr(shipping, "functions", lambda template: {"sweep": built[template.name]})
    assert weigh({name: tmp_path / name for name in built}) == {
        "sweep": Weight(("Core", "WeasyPrint"), {"arm64": 321, "x86_64": 421})
    }


@pytest.mark.parametrize(("size", "refused"), [(LIMIT, False), (LIMIT + 1, True)])
def test_a_function_is_too_heavy_as_soon_as_it_is_on_one_of_them(size: int, refused: bool) -> None:
    assert Weight((), {"arm64": 1, "x86_64": size}).is_too_heavy is refused
