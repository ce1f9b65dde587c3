"""Fetches addresses that others name: public hosts only, except those that are configured."""
