"""What is shown, as data for a terminal and a browser alike; `terminal/` writes it. Only this package imports Rich."""
