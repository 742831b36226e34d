"""Placement: filters say what is possible, weighers what is best, and a refusal says which filter left nothing."""
