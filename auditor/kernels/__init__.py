"""The definitions of text, sketches, repeats and loops over flat buffers: compiled, with a reference beside them.

Each module offers the same functions from ``native`` (Cython) or, where that was not built, from ``reference``
(Python and numpy). Both give the same result on every input. No I/O and no policy here.
"""
