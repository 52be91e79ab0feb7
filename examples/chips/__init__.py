"""What a step of the bench models costs on the targets that can be emulated here: ``lnncc bench chips``."""
