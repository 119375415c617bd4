"""Figures, printed by commands that anyone can run again. Not tests: nothing here passes or fails."""
