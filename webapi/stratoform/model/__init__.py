"""What the cloud knows: tables, transition tables and the queries over them. Imports nothing of ours above it."""
