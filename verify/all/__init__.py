"""`verify all`: every claim decided, and the reports made from what came out."""
