"""The sizes that `make build` reports: everything that Lambda unpacks, on each architecture."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from earned.testing.cloudformation import ROOT, read_template
from tools.package.built import LIMIT, Function
from tools.package.shipping import Weight, build, pin_architecture, weigh


def function(folder: Path, *sizes: int) -> Function:
    """A function and its layers, in folders with one file of each size."""
    parts = [folder / name for name in ("code", "CoreLayer", "WeasyPrintLayer")]
    for part, size in zip(parts, sizes, strict=True):
        (part / "deep").mkdir(parents=True)
        (part / "deep" / "file").write_bytes(bytes(size))
    return Function("Sweep", "sweep", "app.handler", 128, 30, parts[0], tuple(parts[1:]), {})


def test_a_functions_size_includes_its_layers_on_each_architecture(tmp_path: Path) -> None:
    built = {"arm64": function(tmp_path / "arm64", 1, 20, 300), "x86_64": function(tmp_path / "x86_64", 1, 20, 400)}
    assert weigh({name: {"sweep": one} for name, one in built.items()}) == {
        "sweep": Weight(("Core", "WeasyPrint"), {"arm64": 321, "x86_64": 421})
    }


@pytest.mark.parametrize(("size", "refused"), [(LIMIT, False), (LIMIT + 1, True)])
def test_a_function_is_too_heavy_if_it_is_on_one_architecture(size: int, refused: bool) -> None:
    assert Weight((), {"arm64": 1, "x86_64": size}).is_too_heavy is refused


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_a_build_is_deployed_with_the_architecture_that_it_was_built_for(architecture: str) -> None:
    """Build and deploy took the parameter separately: functions of one architecture got libraries of the other."""
    pinned = yaml.safe_load(yaml.safe_dump(pin_architecture(read_template(), architecture)))
    assert "Architecture" not in pinned["Parameters"]
    assert pinned["Globals"]["Function"]["Architectures"] == [architecture]
    for layer in ("DependenciesLayer", "WeasyPrintLayer"):
        assert pinned["Resources"][layer]["Properties"]["CompatibleArchitectures"] == [architecture]
        assert pinned["Resources"][layer]["Metadata"]["BuildArchitecture"] == architecture
    text = yaml.safe_dump(pinned)
    assert "${Architecture}" not in text
    assert "Ref: Architecture" not in text


def test_the_template_of_a_build_names_its_architecture_and_takes_no_other(tmp_path: Path) -> None:
    def sam(command: list[str]) -> Iterator[str]:
        assert command[command.index("--parameter-overrides") + 1] == "Architecture=x86_64"
        folder = Path(command[command.index("--build-dir") + 1])
        folder.mkdir()
        (folder / "template.yaml").write_text((ROOT / "template.yaml").read_text("utf-8"), "utf-8")
        yield "Build Succeeded"

    built = yaml.safe_load(build("x86_64", tmp_path, sam).read_text("utf-8"))
    assert "Architecture" not in built["Parameters"]
    assert built["Globals"]["Function"]["Architectures"] == ["x86_64"]
    assert built["Resources"]["ServeApi"]["Properties"]["Description"].startswith("Built ")


def test_nothing_but_the_architecture_changes_in_a_build() -> None:
    pinned = pin_architecture(read_template(), "arm64")
    assert pinned["Outputs"] == read_template()["Outputs"]
    assert pinned["Parameters"].keys() == read_template()["Parameters"].keys() - {"Architecture"}
    assert pinned["Rules"] == read_template()["Rules"]
