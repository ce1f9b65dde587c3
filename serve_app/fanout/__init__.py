"""Fans a picture out to models: selection, statuses, winner, billing, handles to other replicas."""
