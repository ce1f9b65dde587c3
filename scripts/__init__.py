"""Commands for who works on the repository or deploys it; nothing of the service imports them."""
