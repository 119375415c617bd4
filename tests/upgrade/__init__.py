"""The next version's migrations, run while this one is at work. `versions/` is made up, and shows how to write them."""
