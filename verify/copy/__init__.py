"""`verify copy`: Theorem 3 and its rivals."""
