"""Decoding picture files, in processes that can be ended."""
