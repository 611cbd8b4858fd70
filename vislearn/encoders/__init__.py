"""One file for each family of vision encoders; importing one registers its presets."""
