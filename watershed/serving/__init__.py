"""What analysts get: roles, the guard of their statements, tokens, the remote endpoint, answers and what was asked."""
