"""Numbered migrations; Alembic finds this folder inside the package."""
