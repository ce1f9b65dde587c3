"""The database of jobs and picks: SQLite or PostgreSQL, by SQLAlchemy; its migrations by Alembic."""
