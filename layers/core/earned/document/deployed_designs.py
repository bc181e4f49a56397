"""The names of the deployed design folders, without the renderer: a function that only checks a name stays small."""

import tomllib
from pathlib import Path

FOLDER = Path(__file__).with_name("designs")
DEPLOYED_DESIGNS = frozenset(brand.parent.name for brand in FOLDER.glob("*/brand.toml"))


class DesignFolder:
    """A design folder, and the one that it is `based_on` by its brand.toml, which has the files that it lacks."""

    def __init__(self, folder: Path) -> None:
        self.folders = [folder]
        brand = folder / "brand.toml"
        if brand.is_file() and (base := _based_on(brand)):
            self.folders.append(folder.parent / base)

    def path(self, name: str) -> Path:
        """Where a file is; if it is in neither folder, where it should be."""
        paths = [folder / name for folder in self.folders]
        return next((path for path in paths if path.is_file()), paths[0])

    def paths(self, pattern: str) -> list[Path]:
        """The files of both folders, each name once, sorted by name."""
        found = {path.name: path for folder in reversed(self.folders) for path in folder.glob(pattern)}
        return [found[name] for name in sorted(found)]


def _based_on(brand: Path) -> str | None:
    try:
        base = tomllib.loads(brand.read_text("utf-8")).get("based_on")
    except ValueError:
        return None  # reported when the brand is read
    return base if isinstance(base, str) else None
