"""Each deployment as Ray runs it. A file each: a replica's process imports what it needs, and nothing of the others."""
