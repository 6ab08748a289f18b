"""What can be done: one function a verb, one transaction each, by noun. The only home of each rule.

Who acts and when are arguments: nothing here reads a clock or the environment.
"""
