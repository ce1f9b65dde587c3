"""Durable jobs: accepted, run after any crash, delivered by webhooks."""
