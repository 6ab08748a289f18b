"""Expert support from the terminal: buy it, activate it, follow it, answer it."""

__version__ = "0.1.0"
