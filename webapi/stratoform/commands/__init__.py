"""What the cloud can be asked to do: one small class per API command."""
