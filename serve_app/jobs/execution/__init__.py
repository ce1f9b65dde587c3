"""Running durable jobs, in the worker's process: DBOS workflows, their steps, and what they store."""
