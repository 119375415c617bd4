"""Celery: thin tasks, an id in and one call."""
