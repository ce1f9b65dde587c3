"""What runs in a Serve replica."""
