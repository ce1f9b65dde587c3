"""Many photographs at once: found, worked on while others are read and written, and reported."""
