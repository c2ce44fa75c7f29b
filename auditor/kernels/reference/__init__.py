"""Kernels in Python and numpy: the definition, and the fallback where nothing was compiled."""
