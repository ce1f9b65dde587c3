"""HAProxy as Ray starts it: the program in its place, its configuration, its error page, its time limits."""
