"""Metrics, log lines and traces of requests and results."""
