"""What `make build` says of a function's weight: all that Lambda unpacks, on each processor."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.package.built import LIMIT
from tools.package.shipping import Weight, weigh


def built(folder: Path, *sizes: int) -> Path:
    """A built template of one function with two layers, in folders with one file of each size."""
    names = ("Sweep", "CoreLayer", "WeasyPrintLayer")
    for name, size in zip(names, sizes, strict=True):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "file").write_bytes(bytes(size))
    layers = {name: {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": name}} for name in names[1:]}
    everything: dict[str, Any] = {"Handler": "app.handler", "MemorySize": 128, "Timeout": 30, "Layers": []}
    own = {"CodeUri": "Sweep", "Layers": [{"Ref": name} for name in names[1:]]}
    function = {"Sweep": {"Type": "AWS::Serverless::Function", "Properties": own}}
    template = {
        "Globals": {"Function": everything | {"Environment": {"Variables": {}}}},
        "Resources": layers | function,
    }
    (folder / "template.yaml").write_text(json.dumps(template))
    return folder / "template.yaml"


def test_a_function_weighs_what_it_and_its_layers_weigh_on_each_processor(tmp_path: Path) -> None:
    templates = {
        "arm64": built(tmp_path / "arm64", 1, 20, 300),
        "x86_64": built(tmp_path / "x86_64", 1, 20, 400),
    }
    assert weigh(templates) == {"sweep": Weight(("Core", "WeasyPrint"), {"arm64": 321, "x86_64": 421})}


@pytest.mark.parametrize(("size", "refused"), [(LIMIT, False), (LIMIT + 1, True)])
def test_a_function_is_too_heavy_as_soon_as_it_is_on_one_of_them(size: int, refused: bool) -> None:
    assert Weight((), {"arm64": 1, "x86_64": size}).is_too_heavy is refused
