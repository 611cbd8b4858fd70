"""What an encoder costs, counted from its config: tokens, parameters, memory."""
