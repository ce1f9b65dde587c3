"""What answers HTTP, and the one place where everything is wired."""
