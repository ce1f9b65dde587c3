"""Durable jobs: accepted, run, delivered."""
