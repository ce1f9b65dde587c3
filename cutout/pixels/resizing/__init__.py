"""Resizing pixels."""
