"""The database: tables, the engine with its transactions, and the migrations' runner.

What only SQLite or only PostgreSQL understands stands in the modules of their names, and in the
migrations. No rule of the domain comes in here.
"""
