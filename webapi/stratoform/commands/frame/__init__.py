"""What commands are made of: how they declare, parse, authorise, run and answer."""
