"""Where callcore keeps its files on this machine."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from callcore.config import ModelSettings, StoreSettings

PACKAGE = Path(__file__).parent


def data_folder() -> Path:
    """The user's data folder for callcore (XDG Base Directory on Linux, its like elsewhere); may not exist yet."""
    return Path(platformdirs.user_data_dir("callcore", appauthor=False))


def database_file(settings: StoreSettings) -> Path:
    """The database in use."""
    return settings.db or data_folder() / "callcore.db"


def models_folder(settings: ModelSettings) -> Path:
    """The folder of installed models; may not exist yet."""
    return settings.folder or data_folder() / "models"


def peers_folder() -> Path:
    """The folder of environments that hold other recognisers, for comparisons; may not exist yet."""
    return data_folder() / "peers"


def labelled_turns_folder() -> Path:
    """The folder with the labelled test turns (``corpus/zh/test`` ...): inside a wheel, or in a checkout."""
    in_wheel = PACKAGE / "_bundled" / "understand"
    return in_wheel if in_wheel.is_dir() else PACKAGE.parent / "models" / "training" / "understand"


def bundled_models_folder() -> Path:
    """The folder with ``manifest.toml`` and the starter model: inside a wheel, or at the top of a checkout."""
    in_wheel = PACKAGE / "_bundled" / "models"
    return in_wheel if in_wheel.is_dir() else PACKAGE.parent / "models"
