"""Other services' APIs, as this one offers them: remove.bg's, and that of rembg's own server; docs/drop-in.md."""
