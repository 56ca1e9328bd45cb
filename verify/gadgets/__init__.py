"""`verify gadgets`: Lemmas 1-5."""
