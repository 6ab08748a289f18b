"""What things are, and the rules that need nothing but the things themselves: one file a noun.

Pure: no clock, no store, the standard library only. IDs are text (`ids`), and so are instants (`times`).
"""
