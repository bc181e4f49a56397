"""The command behind `make build`."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table
from samtranslator.yaml_helper import yaml_parse

from tools.local import sam
from tools.local.stack import ROOT
from tools.package.built import LIMIT, BuildFailed, Function, functions

ARCHITECTURES = ("arm64", "x86_64")
OUT = ROOT / ".aws-sam"
MEGA = 10**6
Run = Callable[[list[str]], Iterable[str]]  # the output of a command, line by line; raises `BuildFailed`

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


@dataclass(frozen=True)
class Weight:
    """The names of a function's layers, and its unzipped bytes with them by architecture."""

    layers: tuple[str, ...]
    sizes: Mapping[str, int]

    @property
    def is_too_heavy(self) -> bool:
        return any(size > LIMIT for size in self.sizes.values())


def main(
    architecture: Annotated[str, typer.Option("--arch", help="arm64, x86_64 or both")] = "both",
) -> None:
    """Build for deployment, print the size of each function, and exit with 1 when one is over Lambda's limit."""
    wanted = ARCHITECTURES if architecture == "both" else (architecture,)
    if not set(wanted) <= set(ARCHITECTURES):
        raise typer.BadParameter("arm64, x86_64 or both")
    try:
        built = {one: build(one, OUT / one, _run) for one in wanted}
    except BuildFailed as failure:
        console.print(str(failure), markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    weights = weigh({architecture: functions(template) for architecture, template in built.items()})
    _print(weights, built)
    raise typer.Exit(1 if any(weight.is_too_heavy for weight in weights.values()) else 0)


def weigh(built: Mapping[str, Mapping[str, Function]]) -> dict[str, Weight]:
    """The weight of each function; `built` has the same functions for each architecture."""
    [first, *_] = built.values()
    return {
        name: Weight(
            layers=tuple(layer.name.removesuffix("Layer") for layer in function.layers),
            sizes={architecture: some[name].size for architecture, some in built.items()},
        )
        for name, function in first.items()
    }


def build(architecture: str, directory: Path, run: Run) -> Path:
    """Build into a directory; returns the template, which deploys this build and nothing for another architecture."""
    directory.mkdir(parents=True, exist_ok=True)
    places = ["--build-dir", str(directory / "build"), "--cache-dir", str(directory / "cache")]
    overrides = ["--parameter-overrides", f"Architecture={architecture}"]
    command = [sam.SAM, "build", "--cached", "--parallel", *places, *overrides]
    output: list[str] = []
    with console.status(f"{architecture}: sam build") as status:
        try:
            for line in run(command):
                output.append(line)
                status.update(f"{architecture}: {line.strip()[:90]}")
        except BuildFailed:
            end = "".join(output)[-4000:]
            raise BuildFailed(f"{architecture}: sam build failed; the end of its output:\n{end}") from None
    template = directory / "build" / "template.yaml"
    pinned = pin_architecture(yaml_parse(template.read_text("utf-8")), architecture)
    stamped = stamp(pinned, datetime.now(UTC))
    template.write_text(yaml.safe_dump(stamped, sort_keys=False, allow_unicode=True), "utf-8")
    return template


def pin_architecture(template: Mapping[str, Any], architecture: str) -> dict[str, Any]:
    """The template without the parameter Architecture: its layers hold libraries of this architecture and no other."""

    def pin(value: Any) -> Any:
        match value:
            case {"Ref": "Architecture"}:
                return architecture
            case dict():
                return {key: pin(one) for key, one in value.items()}
            case list():
                return [pin(one) for one in value]
            case str():
                return value.replace("${Architecture}", architecture)
        return value

    parameters = {name: one for name, one in template["Parameters"].items() if name != "Architecture"}
    return {**pin(dict(template)), "Parameters": pin(parameters)}


def stamp(template: Mapping[str, Any], built: datetime) -> dict[str, Any]:
    """The template with the build's time in the description of each function that has an alias.

    SAM publishes a version when code, layers or texts of the template change. It does not see a changed parameter or a
    changed table name; a build that publishes a version each time needs no knowledge of them.
    """
    resources = {
        name: {**one, "Properties": {**one["Properties"], "Description": f"Built {built:%Y-%m-%dT%H:%M:%SZ}"}}
        if "AutoPublishAlias" in one.get("Properties", {})
        else one
        for name, one in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def _run(command: list[str]) -> Iterator[str]:
    """The output of a command, line by line; sam's own interpreter is first on the path."""
    interpreter = Path(os.path.realpath(Path(sam.SAM).with_name("python"))).parent
    environment = os.environ | {"PATH": f"{interpreter}:{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}
    process = subprocess.Popen(  # noqa: S603  # sam, with arguments of our own
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process:
        assert process.stdout
        yield from process.stdout
    if process.returncode:
        raise BuildFailed


def _print(weights: Mapping[str, Weight], built: Mapping[str, Path]) -> None:
    table = Table("function", "layers")
    for architecture in built:
        table.add_column(f"unzipped, {architecture}", justify="right")
    for name, weight in weights.items():
        sizes = (f"{weight.sizes[architecture] / MEGA:.1f} MB" for architecture in built)
        table.add_row(name, ", ".join(weight.layers), *sizes)
    console.print(table)
    console.print(f"Lambda takes {LIMIT / MEGA:.0f} MB; the build checked the layers' libraries.")
    for template in built.values():
        console.print(f"sam deploy --template-file {template.relative_to(ROOT)}", markup=False, soft_wrap=True)
    if heavy := [name for name, weight in weights.items() if weight.is_too_heavy]:
        console.print(f"Over the limit: {', '.join(heavy)}.")


if __name__ == "__main__":
    typer.run(main)
