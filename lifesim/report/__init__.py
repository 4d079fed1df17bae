"""What a run says, as a page to open and as a table in the terminal."""

from __future__ import annotations

from lifesim.report.page import render_page, write_page
from lifesim.report.run_tables import RunTables
from lifesim.report.tables import effects_table, print_findings

__all__ = ["RunTables", "effects_table", "print_findings", "render_page", "write_page"]
