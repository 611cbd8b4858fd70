"""Who handed in what and when, the rules of a term, and marks that people give."""
