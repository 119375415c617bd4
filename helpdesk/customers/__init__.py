"""The register: companies and private persons, their contacts, ways to reach them, and their history."""
