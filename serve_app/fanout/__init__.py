"""One picture goes to every model at once."""
