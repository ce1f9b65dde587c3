"""What runs on Ray: models, the upscaler, the ledger, catalogues; and how a Ray of one machine starts."""
