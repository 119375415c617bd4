"""Whether the desk is well: checks for machines, figures for Prometheus, a page and a loud line for admins."""
