"""The subcommands of `cutout`, one file each. Heavy modules are imported when a command runs."""
