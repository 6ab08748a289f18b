"""How things are shown: tables and pages for people, rows and JSON for programs. The one place that imports Rich."""
