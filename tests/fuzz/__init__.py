"""Inputs that nobody would think of: made by Hypothesis, schemathesis and atheris (see docs/faults.md)."""
