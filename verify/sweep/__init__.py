"""`verify sweep`: where each module stops copying, measured beside its closed forms."""
