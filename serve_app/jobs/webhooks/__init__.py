"""Webhooks of jobs that have ended: sent, and repeated until they are delivered."""
