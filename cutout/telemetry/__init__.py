"""Metrics, and the job that work belongs to."""
