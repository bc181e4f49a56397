"""What code, templates and documentation cite is defined: rules, invariants, sections, decisions, files, headings."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SEARCHED = ("*.py", "*.yaml", "*.md", "Makefile", "*/Makefile", "*.toml")
PAGES = {"design": DOCS / "design.md", "contract": DOCS / "contract.md"}

DEFINITION = re.compile(r"^- \*\*([CLAN]\d|I\d)\*\*", re.MULTILINE)
# A code is not part of a word, a number, an escape (`%C3`), a path (`L9 9`) or Unicode's name of control characters.
CODE = re.compile(r"(?<![\w%+#\\!=/.&$])([CLAN]\d|I\d)(?![\w%+/=]|\.\d| ?\d|,\d| controls?\b)")
SECTION = re.compile(r"\b(design|contract)(?:\.md)?`?((?:[\s#]*(?:,|and|to|-)?[\s#]*§ ?\w+)+)", re.IGNORECASE)
OWN_SECTION = re.compile(r"(?<=[(\[])§ ?(\w+)")
DECISION = re.compile(
    r"\bdecision[\s#]+(\d+)|\bdecisions(?:[\s#]+|/)(\d+(?:(?:, | and |, and |-)\d+)*)(?!\d*-[a-z])", re.IGNORECASE
)
DECISION_FILE = re.compile(r"\bdecisions/(\d+-[a-z][\w-]*)")
FENCE = re.compile(r"^(`{3,}).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def searched() -> list[Path]:
    """The files of the repository that may cite something, except this one, which cites badly on purpose."""
    listing = subprocess.run(["git", "ls-files", "-z", *SEARCHED], cwd=ROOT, check=True, capture_output=True, text=True)
    found = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in found if path.is_file() and path != Path(__file__).resolve()]


def defined_codes() -> set[str]:
    return set(DEFINITION.findall(PAGES["design"].read_text()))


def sections(page: str) -> set[str]:
    return set(re.findall(r"^## (\w+)\. ", PAGES[page].read_text(), re.MULTILINE))


def decisions() -> dict[int, str]:
    """The decisions by their numbers: the name of the file of each, without its suffix."""
    return {int(path.stem.partition("-")[0]): path.stem for path in DOCS.glob("decisions/[0-9]*.md")}


def headings(markdown: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    seen: Counter[str] = Counter()
    anchors = set()
    for title in re.findall(r"^#{1,6} +(.+?) *#*$", FENCE.sub("", markdown), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return anchors


def undefined_codes(text: str, _path: Path) -> Iterator[tuple[int, str]]:
    known = defined_codes()
    for found in CODE.finditer(text):
        if found[1] not in known:
            yield found.start(), f"{found[1]} is not defined in docs/design.md"


def missing_sections(text: str, path: Path) -> Iterator[tuple[int, str]]:
    known = {page: sections(page) for page in PAGES}
    cited = [
        (found.start(), found[1].lower(), number)
        for found in SECTION.finditer(text)
        for number in re.findall(r"§ ?(\w+)", found[2])
    ]
    own = next((page for page, where in PAGES.items() if where == path), None)
    if own is not None:
        cited += [(found.start(), own, found[1]) for found in OWN_SECTION.finditer(text)]
    for position, page, number in cited:
        if number not in known[page]:
            yield position, f"docs/{page}.md has no section {number}"


def missing_decisions(text: str, _path: Path) -> Iterator[tuple[int, str]]:
    known = decisions()
    for found in DECISION.finditer(text):
        for number in re.findall(r"\d+", found[1] or found[2]):
            if int(number) not in known:
                yield found.start(), f"there is no decision {int(number)}"
    for found in DECISION_FILE.finditer(text):
        if found[1] not in known.values():
            yield found.start(), f"docs/decisions/ has no {found[1]}.md"


def broken_links(text: str, path: Path) -> Iterator[tuple[int, str]]:
    """The relative links of a Markdown page that lead to no file or no heading."""
    if path.suffix != ".md":
        return
    blank = FENCE.sub(lambda fence: re.sub(r"[^\n]", " ", fence[0]), text)
    blank = re.sub(r"`[^`\n]+`", lambda code: " " * len(code[0]), blank)
    for found in LINK.finditer(blank):
        link = found[1] or found[2]
        if ADDRESS.match(link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        page = text if target == path else target.read_text() if target.suffix == ".md" and target.is_file() else ""
        if target != path and not target.exists():
            yield found.start(), f"there is no file {name}"
        elif anchor and target.suffix == ".md" and anchor not in headings(page):
            yield found.start(), f"{target.name} has no heading #{anchor}"


CHECKS = (undefined_codes, missing_sections, missing_decisions, broken_links)


def complaints(text: str, path: Path) -> list[str]:
    """Every citation of a text that leads nowhere; `path` is where the text stands."""
    found = sorted(one for check in CHECKS for one in check(text, path))
    where = path.relative_to(ROOT)
    return [f"{where}:{text.count(chr(10), 0, position) + 1}: {what}" for position, what in found]


def test_every_citation_leads_to_what_it_cites() -> None:
    paths = searched()
    assert {ROOT / "README.md", ROOT / "Makefile", ROOT / "template.yaml", ROOT / "pyproject.toml"} <= {*paths}
    assert [one for path in paths for one in complaints(path.read_text(), path)] == []


def test_the_rules_the_invariants_and_the_sections_are_defined_once() -> None:
    codes = DEFINITION.findall(PAGES["design"].read_text())
    assert sorted(codes) == sorted(
        [f"C{n}" for n in range(1, 7)]
        + [f"L{n}" for n in range(1, 5)]
        + [f"A{n}" for n in range(7)]
        + [f"N{n}" for n in range(1, 7)]
        + [f"I{n}" for n in range(1, 9)]
    )
    assert sections("design") == {str(n) for n in range(1, 10)}


CITED = {
    "in brackets": ("Withdrawn with it (A9).", ["A9"]),
    "in a list": ("Reissued (A6, N9), as the design says (DESIGN §3, I9).", ["N9", "I9"]),
    "as a range": ("The rules A1-A9.", ["A9"]),
    "as a range in words": ("A1 to A9, said again.", ["A9"]),
    "first": ("C9: every required step.", ["C9"]),
    "in a string": ('_must(kept, "I9", lost)', ["I9"]),
    "at the start of a string": ('raise Violation(f"I9: {body}")', ["I9"]),
    "in a comment": ("x = 1  # L9", ["L9"]),
    "in backticks": ("By `N9` and **L7**.", ["N9", "L7"]),
    "at the end": ("Waiting breaks N9", ["N9"]),
    "before a colon": ("Broken by C9; see L8.", ["C9", "L8"]),
}


@pytest.mark.parametrize(("text", "codes"), CITED.values(), ids=CITED)
def test_a_code_that_is_not_defined_is_found(text: str, codes: list[str]) -> None:
    found = complaints(text, ROOT / "functions" / "app.py")
    assert found == [f"functions/app.py:1: {code} is not defined in docs/design.md" for code in codes]


NO_CITATIONS = {
    "paper": "A4 or US Letter",
    "a lint rule": 'ignore = ["N818", "C901", "PLR2004"]',
    "a path": '<path d="M0 0L9 9"/> {"L9 9" * 6_000} d="L9,9"',
    "a colour": "#A9A9A9 #C0C0C0",
    "an escape": "%C3%A9 \\xA9 U+00A9 &#A9;",
    "control characters": "C0 controls and C0 control characters",
    "base64": "x+N9/A7= =C8",
    "a formula": "=A9 !L9",
    "a version": "N7.1",
    "a longer word": "CC0-1.0 AL9 I9n",
}


@pytest.mark.parametrize("text", NO_CITATIONS.values(), ids=NO_CITATIONS)
def test_what_only_looks_like_a_code_is_left_alone(text: str) -> None:
    assert complaints(text, ROOT / "README.md") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("the table of DESIGN §77", ["docs/design.md has no section 77"]),
        ("see docs/design.md §77.", ["docs/design.md has no section 77"]),
        ("`docs/contract.md` §88", ["docs/contract.md has no section 88"]),
        ("CONTRACT.md §88", ["docs/contract.md has no section 88"]),
        ("design §1 and §77", ["docs/design.md has no section 77"]),
        ("as # of DESIGN\n# §77", ["docs/design.md has no section 77"]),
        ("DESIGN §9, contract §1, (§77)", []),
    ],
)
def test_a_section_that_does_not_exist_is_found(text: str, told: list[str]) -> None:
    assert complaints(text, ROOT / "template.yaml") == [f"template.yaml:1: {one}" for one in told]


def test_a_section_without_a_page_is_one_of_the_page_that_cites_it() -> None:
    assert complaints("The table (§77).", PAGES["design"]) == ["docs/design.md:1: docs/design.md has no section 77"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("by the model of decision 9999", ["there is no decision 9999"]),
        ("decisions 17 and 9999", ["there is no decision 9999"]),
        ("docs/decisions/0017 and 9999", ["there is no decision 9999"]),
        ("docs/decisions/9999", ["there is no decision 9999"]),
        ("docs/decisions/0017-no-such-name.md", ["docs/decisions/ has no 0017-no-such-name.md"]),
        ("decision 17, 9999 ms later", []),
    ],
)
def test_a_decision_that_does_not_exist_is_found(text: str, told: list[str]) -> None:
    assert complaints(text, ROOT / "Makefile") == [f"Makefile:1: {one}" for one in told]


LINKS = {
    "no such file": ("[x](no-such-file.md)", ["there is no file no-such-file.md"]),
    "no such picture": ("![x](no-such-file.png)", ["there is no file no-such-file.png"]),
    "no such heading": ("[x](design.md#no-such-heading)", ["design.md has no heading #no-such-heading"]),
    "no such heading here": ("# Title\n[x](#no-such-heading)", ["sample.md has no heading #no-such-heading"]),
    "a definition": ("[x]: no-such-file.md", ["there is no file no-such-file.md"]),
    "a heading": ("[x](design.md#1-rules) [y](../README.md) [z](decisions/)", []),
    "a heading here": ("# On `code`, and *more*\n[x](#on-code-and-more)", []),
    "the second of two": ("## Do\n## Do\n[x](#do-1)", []),
    "an address": ("[x](https://example.com/no-such-file.md) [y](mailto:ada@example.com)", []),
    "code": ("`[x](no-such-file.md)`\n```\n[x](no-such-file.md)\n```", []),
}


@pytest.mark.parametrize(("text", "told"), LINKS.values(), ids=LINKS)
def test_a_link_to_no_file_or_heading_is_found(text: str, told: list[str]) -> None:
    found = complaints(text, DOCS / "sample.md")
    assert [one.partition(": ")[2] for one in found] == told


def test_a_complaint_names_file_and_line() -> None:
    assert complaints("One.\n\nTwo (C9).", DOCS / "sample.md") == [
        "docs/sample.md:3: C9 is not defined in docs/design.md"
    ]
