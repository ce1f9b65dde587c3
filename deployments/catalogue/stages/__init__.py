"""What happens to each picture: read, cut out, enlarged by a network, written. Plain classes, without Ray."""
