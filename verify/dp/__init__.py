"""`verify dp`: Theorems 4 and 5."""
