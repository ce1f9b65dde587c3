"""remove.bg's API, version 1.0: removing backgrounds, and the account's balance."""
