"""The service under load and under trouble, with fakes as models: commands, and what tests/ builds on."""
