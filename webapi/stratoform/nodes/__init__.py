"""The host boundary: a catalogue of operations, and who carries them out."""
