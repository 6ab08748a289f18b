"""How it is written: tables and pages for people on a terminal, rows and JSON for programs."""
