"""Batches: many pictures under one id, each of which becomes a durable job; a workflow admits a few at a time."""
