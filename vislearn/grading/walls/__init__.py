"""What stands between a submission and the machine: sandbox, limits, kernels."""
