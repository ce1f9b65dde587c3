"""What happens to each picture: read, cut out by each model, finished and written. Plain classes, without Ray."""
