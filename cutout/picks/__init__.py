"""Which cutouts people picked, and what that adds up to."""
