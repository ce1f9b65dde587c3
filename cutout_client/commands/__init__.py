"""The subcommands of `cutout`, one file each, and what they share. Heavy modules are imported when a command runs."""
