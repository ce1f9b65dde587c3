"""Addresses that others name - callers, webhooks' owners, providers - fetched from public hosts only."""
