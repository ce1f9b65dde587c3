"""What the models behind an HTTP API share: the picture as it is sent, calls and retries, the bill, the result."""
