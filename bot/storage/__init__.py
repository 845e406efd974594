"""The database: tables, the one writer, reads, the key store, migrations. Nothing outside imports sqlalchemy."""
