"""Models: trained, judged, registered, predicting; each step as a plain function."""
