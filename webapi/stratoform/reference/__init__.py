"""The API in documents for programs and people, made from the commands' own declarations."""
