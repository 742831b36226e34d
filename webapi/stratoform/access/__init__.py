"""Who comes in without an API key: by password, by single sign-on, or with the session that either began."""
