"""Numbers measured inside one sample; pure functions from a batch to a table."""
