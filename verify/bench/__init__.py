"""`verify bench`: speed and memory."""
