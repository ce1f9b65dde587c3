"""The endpoints, one module for each group, and their table."""
