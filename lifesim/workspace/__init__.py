"""The user's folders: where they are, how they are imported, which plug-ins they hold.

A workspace is a folder that holds ``lifesim.toml``, with ``strategies/``, ``scenarios/`` and
``reports/`` beside it: plain files, no ``__init__.py``, nothing installed. `mount` makes them
importable under one private package, ``lifesim_ext``; a worker process mounts before anything else.
"""

from lifesim.workspace.discovery import (
    Plugin,
    discover,
    is_journey,
    journey_files,
    kind_of,
    plugin_name,
    plugins_in,
    source_hashes,
)
from lifesim.workspace.files import create, journey_path, scenario_path, user_files
from lifesim.workspace.mounting import METHODS, current_root, mount, unmount
from lifesim.workspace.root import (
    MARKER,
    bundled_root,
    find_root,
    out_dir,
    root_above,
    shown,
    suggest,
)

__all__ = [
    "MARKER",
    "METHODS",
    "Plugin",
    "bundled_root",
    "create",
    "current_root",
    "discover",
    "find_root",
    "is_journey",
    "journey_files",
    "journey_path",
    "kind_of",
    "mount",
    "out_dir",
    "plugin_name",
    "plugins_in",
    "root_above",
    "scenario_path",
    "shown",
    "source_hashes",
    "suggest",
    "unmount",
    "user_files",
]
