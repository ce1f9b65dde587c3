"""Models that cut photographs out for a command: in this process, or of a service."""
