"""One file a question: ours beside the peers' on the same input, in one run. See docs/benchmarks.md.

Words used here:
*section*: a program that is measured: a fresh process, so that nothing is warm that would not be warm elsewhere.
*floor*: the least work that could do the job, by the same engine, with nothing of ours around it.
*peer*: another tool; peers live in an environment of their own (peers.txt).
"""
