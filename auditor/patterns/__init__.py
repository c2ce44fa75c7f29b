"""Relations that are read off the fine tokens of a whole corpus: templates, phrases and leaks."""
