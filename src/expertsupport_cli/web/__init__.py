"""The pages in a browser: `es serve`. Only `cli/serve` imports this package, when the command runs."""
