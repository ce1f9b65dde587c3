"""Reading picture files: a module for each format, and for each part that several formats share."""
