"""What must stay true. A reconciler has a timer and a signal, takes no input, and says what it did."""
