"""Kernels compiled from Cython; they release the interpreter lock."""
