"""`verify export` and `verify check`: the constructions as weights that real Mamba code loads."""
