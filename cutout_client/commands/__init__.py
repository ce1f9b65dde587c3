"""The commands of `cutout`, a file each. Heavy parts are imported when a command runs."""
