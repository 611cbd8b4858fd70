"""From emitted values to points: kinds of checks, verdicts, misconceptions."""
