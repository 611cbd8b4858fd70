"""Parts of the benchmark scripts; run the scripts beside this folder."""
