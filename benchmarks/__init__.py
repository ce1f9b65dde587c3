"""Cutout Shotgun side by side with what a user would pick instead: `python -m benchmarks`, from the repository root."""
