"""Ways to run the units of a plan; every way gives the same bytes."""
