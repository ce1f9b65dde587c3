"""Requests, results and traces."""
