"""Mattes compared, scored, refined and combined."""
