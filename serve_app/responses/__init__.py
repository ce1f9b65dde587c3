"""A result becomes JSON, a picture, an archive or a stream; an error becomes its body."""
