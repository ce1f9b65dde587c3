"""The page with real models and photographs, in a browser: what it looks like, and what a task takes."""
