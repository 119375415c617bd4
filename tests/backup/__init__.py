"""A desk that is backed up, and another place into which it is restored."""
