"""The registry of models, their options and status, and their weights."""
