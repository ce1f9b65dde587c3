"""How good the cutouts are: errors of mattes against known ones, by class of picture, and what lowers them."""
