"""The service as an operating system process: starting, changing and stopping it, and HAProxy in front of it."""
