"""Picks of callers, the record of the job they belong to, and win rates."""
