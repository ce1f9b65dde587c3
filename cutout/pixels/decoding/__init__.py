"""Files become pixels in processes that can be ended."""
