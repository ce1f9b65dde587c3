"""What is made of mattes and judged about them, as pure functions on arrays; none knows a model or a request."""
