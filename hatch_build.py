"""Put the user folders into the wheel, as the workspace that `lifesim init` copies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own examples leave it open
    """Add ``lifesim/_bundle/`` to a standard wheel.

    An editable install reads the checkout itself, and `force_include` there would hide the package,
    so only the standard wheel gets the bundle.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name every user file and its place in the wheel."""
        if version != "standard":
            return
        root = Path(self.root)
        sys.path.insert(0, self.root)  # the rule which files are the user's has one home
        from lifesim.workspace import user_files

        for file in user_files(root):
            target = Path("lifesim", "_bundle", file.relative_to(root))
            build_data["force_include"][str(file)] = target.as_posix()
