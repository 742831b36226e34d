"""Rules several resources share: what addresses, places, tags and URLs may be."""
