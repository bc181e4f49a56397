"""`make same-bytes`: what it draws with the layers of both processors, and when it calls documents the same."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from earned.document.deployed_designs import DEPLOYED_DESIGNS, FOLDER
from earned.document.render import PAPERS
from earned.document.wording import Wording
from earned.domain.training import TrainingKind
from tools.design.preview.samples import names
from tools.same_bytes.comparison import differences
from tools.same_bytes.documents import Case, Printer, cases

CASES = list(cases())


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with the same two documents."""
    both = tmp_path / "x86_64", tmp_path / "arm64"
    for folder in both:
        folder.mkdir()
        (folder / "one.pdf").write_bytes(b"%PDF-1.7 one")
        (folder / "two.pdf").write_bytes(b"%PDF-1.7 two")
    return both


def test_folders_with_the_same_files_do_not_differ(folders: tuple[Path, Path]) -> None:
    assert differences(*folders) == []


def test_a_changed_byte_is_reported_with_its_place(folders: tuple[Path, Path]) -> None:
    (folders[1] / "two.pdf").write_bytes(b"%PDF-1.7 tWo")
    assert differences(*folders) == ["two.pdf: 12 bytes and 12, from byte 10 on"]


def test_a_document_that_goes_on_differs_from_the_end_of_the_other_on(folders: tuple[Path, Path]) -> None:
    (folders[0] / "one.pdf").write_bytes(b"%PDF-1.7 one more")
    assert differences(*folders) == ["one.pdf: 17 bytes and 12, from byte 12 on"]


@pytest.mark.parametrize(("without", "name"), [(0, "x86_64"), (1, "arm64")])
def test_a_document_that_only_one_of_them_drew_is_reported(folders: tuple[Path, Path], without: int, name: str) -> None:
    (folders[without] / "one.pdf").unlink()
    assert differences(*folders) == [f"one.pdf: not in {name}"]


def test_empty_folders_are_no_proof(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no files"):
        differences(tmp_path, tmp_path)


def test_each_document_has_a_file_of_its_own() -> None:
    assert len({case.file_name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("design", sorted(DEPLOYED_DESIGNS))
def test_each_design_is_drawn_in_every_language_kind_and_paper_and_with_both_types_of_logo(design: str) -> None:
    drawn = [case for case in CASES if case.design == design]
    looks = {(case.content.language, case.content.kind, case.content.paper) for case in drawn}
    languages = Wording(FOLDER / design).languages
    assert {(language, kind, paper) for language in languages for kind in TrainingKind for paper in PAPERS} <= looks
    assert {case.logo.media_type for case in drawn if case.logo} == {"image/png", "image/svg+xml"}


def test_each_script_of_the_sample_sheet_is_drawn() -> None:
    assert {content.holder for content in names().values()} <= {case.content.holder for case in CASES}


def test_documents_have_credentials_and_compiled_pages_draw_some_of_them() -> None:
    printer = Printer()
    people = [case for case in CASES if case.may_compile][:5]
    documents = [printer.draw(case) for case in people]
    assert printer.compiled == 2  # two are drawn in full, and the third in both ways
    for document in documents:
        with pikepdf.open(BytesIO(document)) as pdf:
            assert list(pdf.attachments) == ["credential.json"]


def test_a_certificate_that_cannot_be_printed_is_compared_by_its_reason() -> None:
    content = replace(CASES[0].content, holder="Ada \U00013000")  # a hieroglyph
    assert Printer().draw(Case("unprintable", content)) == b"the name has U+13000, which no font has"
