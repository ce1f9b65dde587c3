"""Steps of a finish: edge, canvas, shadow, background."""
