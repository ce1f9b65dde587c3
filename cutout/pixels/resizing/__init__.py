"""Pixels in another size."""
