"""The preview of a design folder."""

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from earned.document.deployed_designs import FOLDER as DESIGN_FOLDERS
from earned.document.render import Design
from tools.design.preview import __main__ as command
from tools.design.preview import samples

FOLDER = DESIGN_FOLDERS / "default"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def design(tmp_path: Path) -> Path:
    """A copy of the design folder in other colours."""
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    brand = (folder / "brand.toml").read_text("utf-8")
    (folder / "brand.toml").write_text(brand.replace("#1d3f5e", "#7a0019").replace("#fffefb", "#ffffff"), "utf-8")
    return folder


def preview_of_a_few(design: Path, out: Path) -> None:
    """A few of the samples; all take half a minute."""
    course, _, with_logo, *_ = samples.certificates(["en"])
    names = {script: samples.names()[script] for script in ("Latin", "Khmer", "Japanese")}
    command.draw(Design(design), out, [course, with_logo], names)


def preview(design: Path, out: Path) -> tuple[int, str]:
    """The exit code and the message of the command."""
    result = CliRunner().invoke(command.app, ["--design", str(design), "--out", str(out)])
    return result.exit_code, " ".join(result.stderr.split())


def test_every_sample_is_written_as_pdf_and_picture_in_the_colours_of_the_folder(design: Path, tmp_path: Path):
    preview_of_a_few(design, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["en-course-a4.pdf", "en-course-a4.png", "logo-a4.pdf", "logo-a4.png", "names.png"]
    with Image.open(tmp_path / "out/en-course-a4.png") as page:
        colours = {colour for _, colour in page.convert("RGB").getcolors(1 << 24)}
    assert (0x7A, 0x00, 0x19) in colours
    assert (0xFF, 0xFF, 0xFF) in colours


def test_the_contact_sheet_shows_every_script(design: Path, tmp_path: Path):
    preview_of_a_few(design, tmp_path / "out")
    with Image.open(tmp_path / "out/names.png") as sheet:
        width = sheet.width // 4
        inked = [sheet.crop((cell * width + 2, 2, (cell + 1) * width - 2, 90)).getcolors(1 << 24) for cell in range(4)]
    assert [len(colours) > 20 for colours in inked] == [True, True, True, False]


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda folder: (folder / "letter.css").unlink(), "letter.css"),
        (lambda folder: (folder / "mark.svg").unlink(), "mark.svg is not an image of the design"),
        (
            lambda folder: (folder / "certificate.html").write_text("{{ words.laed }}"),
            "certificate.html: 'dict object'",
        ),
        (lambda folder: (folder / "certificate.html").write_text("{% if %}"), "certificate.html: Expected"),
        (lambda folder: (folder / "a4.css").write_text("p { color: var(--mauve) }"), "no colour mauve"),
        (shutil.rmtree, "No such file"),
    ],
)
def test_the_message_for_a_broken_folder_names_the_file_and_the_fault(
    design: Path, tmp_path: Path, damage: Callable[[Path], object], expected: str
):
    damage(design)
    code, message = preview(design, tmp_path / "out")
    assert code == 1
    assert expected in message


def test_the_names_are_unique_and_show_at_least_forty_scripts():
    listed = tomllib.loads((ROOT / "tools/design/preview/names.toml").read_text("utf-8"))
    assert len(listed["names"]) >= 40
    assert len(set(listed["names"].values())) == len(listed["names"])
    assert listed["languages"].keys() <= listed["names"].keys()
