"""API keys, charges and rate limits."""
