"""Catalogues measured: their pace against other commands, their memory, kills; and how they grow with Ray nodes."""
