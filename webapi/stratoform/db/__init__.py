"""The door to the database: sessions and column types. All that is particular to one dialect is in here."""
