"""For callers and operators: the command `cutout`."""
