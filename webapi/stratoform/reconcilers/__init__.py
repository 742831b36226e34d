"""What must stay true. A reconciler has a timer and a signal, takes no input, retries nothing within, says what it did."""
