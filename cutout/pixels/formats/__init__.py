"""What picture files are made of; one format, or one part that several have, a file."""
