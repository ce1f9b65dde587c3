"""Cutouts of a whole catalogue of pictures, by Ray Data: streamed, resumable, within a budget; docs/catalogue.md."""
