"""Pictures that are kept, and their signed addresses."""
