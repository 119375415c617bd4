"""Every task there is."""
