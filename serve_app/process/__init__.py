"""The service as a command: start, apply, end, and what runs beside it."""
