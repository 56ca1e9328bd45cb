"""`verify bounds`: Theorems 1 and 2 over L."""
