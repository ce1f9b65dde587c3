"""The API of `rembg s`, the server in rembg 2.0.86."""
