"""The engine for PostgreSQL: one server for the people of a team. Only this package imports psycopg2."""
