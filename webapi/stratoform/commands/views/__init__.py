"""How objects look in the API: one declaration a kind, which feeds answers and listApis alike."""
