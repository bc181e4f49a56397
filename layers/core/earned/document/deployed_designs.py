"""The names of the deployed design folders, without the renderer: a function that only checks a name stays small."""

from pathlib import Path

FOLDER = Path(__file__).with_name("designs")
DEPLOYED_DESIGNS = frozenset(brand.parent.name for brand in FOLDER.glob("*/brand.toml"))
