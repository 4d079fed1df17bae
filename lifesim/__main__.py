"""`python -m lifesim` is the `lifesim` command."""

from __future__ import annotations

from lifesim.cli import main

if __name__ == "__main__":
    main()
