"""Kafka topics as a source: the client, where topics end, and the values of messages."""
