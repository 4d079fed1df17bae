"""Journeys made ready for execution: audiences as programs over columns, journeys as flat tables."""
