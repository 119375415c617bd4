"""PostgreSQL, Valkey and the four programs of the desk under one roof, for `make run` and the tests.

Imports no other room, and no other room imports it: where DATABASE_URL and REDIS_URL name servers of
one's own, nothing here is needed. Linux first; macOS works without the tie that ends children with a killed parent.
"""
