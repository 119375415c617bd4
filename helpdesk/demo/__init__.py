"""A made-up company's data, to look around in and to measure with. Uses every room; no room knows it."""
