"""The database: tables, the engine with its transactions, and the migrations' runner.

SQL that only SQLite understands stands in `engine`, and nowhere else. No rule of the domain comes
in here.
"""
