"""What is done to a cutout on the way to a file: edge, canvas, placement, shadow, tones, background."""
