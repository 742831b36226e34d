"""The engine: a SQL queue with declared locks and a journal. It knows no word of the product.

The job table is the queue and the truth; whoever wakes workers only says "look again", so a lost or a
doubled wake-up is harmless.
"""
