"""What is told of the platform while it runs: figures for a Prometheus server, and alerts for whoever is on call.

Words used here:
*reading*: how everything was at one moment. *Rule*: a function that finds in a reading what is wrong.
*finding*: a rule's answer: about what, and a sentence. *Alert*: a finding that people are told of, until it is over.
*waiting*: what has arrived, as a file, a message or a changed input, and is not published yet.
"""
