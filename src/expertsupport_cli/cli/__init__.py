"""How it is asked: one file a noun. A command parses, calls one action, shows the result."""
