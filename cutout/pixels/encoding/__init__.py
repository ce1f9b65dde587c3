"""Writing picture files."""
