"""Whether errors add up over a million steps of the compiled C: ``lnncc bench drift --data FOLDER``."""
