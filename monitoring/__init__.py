"""What somebody on call needs: numbers of every step, rules that watch them, and who is told."""
