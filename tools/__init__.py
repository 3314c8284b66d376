"""What developers and the set-up run; the platform itself imports nothing from here."""
