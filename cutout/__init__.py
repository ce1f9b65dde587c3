"""What is true of a picture and a model anywhere: no Ray, no HTTP server, no database."""
