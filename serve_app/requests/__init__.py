"""A request is read into one value."""
