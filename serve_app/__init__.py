"""The HTTP service, and the wiring of everything."""
