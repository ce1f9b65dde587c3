"""Request -> its fields by name, from the query and the body; sizes are limited while the body is read."""
