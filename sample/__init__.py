"""The scenario's sample: real data, generated data, and what is known of both."""
