"""ASGI middleware: what a request passes on its way to its endpoint."""
