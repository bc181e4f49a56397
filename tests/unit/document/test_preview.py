"""What `make preview` shows a designer."""

import shutil
import tomllib
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from earned.document import render as pdf
from tools.design.preview import __main__ as command
from tools.design.preview import samples

FOLDER = Path(pdf.__file__).with_name("certificate")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def design(tmp_path: Path) -> Path:
    """A copy of the design folder in other colours."""
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    brand = (folder / "brand.toml").read_text("utf-8")
    (folder / "brand.toml").write_text(brand.replace("#1d3f5e", "#7a0019").replace("#fffefb", "#ffffff"), "utf-8")
    return folder


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not all samples, which take half a minute."""
    listed = list(samples.certificates(["en"]))
    monkeypatch.setattr(command, "certificates", lambda _languages: [listed[0], listed[2]])
    names = samples.names()
    monkeypatch.setattr(command, "names", lambda: {script: names[script] for script in ("Latin", "Khmer", "Japanese")})


def preview(design: Path, out: Path) -> tuple[int, str]:
    """Exit code and message of the command."""
    result = CliRunner().invoke(command.app, ["--design", str(design), "--out", str(out)])
    return result.exit_code, " ".join(result.stderr.split())


@pytest.mark.usefixtures("few")
def test_a_designer_sees_each_sample_as_pdf_and_picture_in_the_colours_of_the_folder(design: Path, tmp_path: Path):
    code, _ = preview(design, tmp_path / "out")
    assert code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["en-course-a4.pdf", "en-course-a4.png", "logo-a4.pdf", "logo-a4.png", "names.png"]
    with Image.open(tmp_path / "out/en-course-a4.png") as page:
        colours = {colour for _, colour in page.convert("RGB").getcolors(1 << 24)}
    assert (0x7A, 0x00, 0x19) in colours
    assert (0xFF, 0xFF, 0xFF) in colours


@pytest.mark.usefixtures("few")
def test_the_contact_sheet_shows_every_script(design: Path, tmp_path: Path):
    preview(design, tmp_path / "out")
    with Image.open(tmp_path / "out/names.png") as sheet:
        width = sheet.width // 4
        inked = [sheet.crop((cell * width + 2, 2, (cell + 1) * width - 2, 90)).getcolors(1 << 24) for cell in range(4)]
    assert [len(colours) > 20 for colours in inked] == [True, True, True, False]


@pytest.mark.parametrize(
    ("break_it", "complaint"),
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
def test_a_broken_folder_ends_with_a_message_that_says_what_is_wrong(
    design: Path, tmp_path: Path, break_it: object, complaint: str
):
    break_it(design)
    code, message = preview(design, tmp_path / "out")
    assert code == 1
    assert complaint in message


def test_the_names_show_forty_scripts_and_more_each_once():
    listed = tomllib.loads((ROOT / "tools/design/preview/names.toml").read_text("utf-8"))
    assert len(listed["names"]) >= 40
    assert len(set(listed["names"].values())) == len(listed["names"])
    assert listed["languages"].keys() <= listed["names"].keys()
