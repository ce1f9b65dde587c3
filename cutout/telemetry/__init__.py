"""Metrics, and the job that work and log lines belong to."""
