"""What can be done: one function per verb, one transaction each, grouped by noun. Every rule lives here or in `model`.

Who acts and when are arguments: nothing here reads a clock or the environment.
"""
