"""What tests share: a service in a process, a client that signs, a database server."""
