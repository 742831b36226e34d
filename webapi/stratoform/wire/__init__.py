"""The CloudStack protocol and nothing else: signatures, parameters, JSON and XML, error numbers."""
