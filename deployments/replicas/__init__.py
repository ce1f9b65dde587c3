"""The classes that Serve deploys, a file each, so that a replica imports no more than it needs."""
