"""What runs in Serve replicas: models, the upscaler, the ledger."""
