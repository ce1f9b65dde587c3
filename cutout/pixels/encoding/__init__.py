"""Pixels become files."""
