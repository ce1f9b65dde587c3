"""Pictures, models, accounts and picks as plain values and functions: no Ray, no HTTP server, no database."""
