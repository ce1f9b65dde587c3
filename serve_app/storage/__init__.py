"""Pictures that are stored, their signed addresses, and the cache of whole cutouts."""
