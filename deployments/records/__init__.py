"""The database of jobs, picks and spending: SQLite or PostgreSQL, by SQLAlchemy; migrations by Alembic."""
