"""Pictures, cutouts and mattes as arrays, in pure functions: no model, key or request is known here."""
