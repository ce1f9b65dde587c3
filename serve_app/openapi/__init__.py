"""The OpenAPI page, made from the endpoints."""
