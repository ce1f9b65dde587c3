"""Requests: read into one frozen value, then completed to a job."""
