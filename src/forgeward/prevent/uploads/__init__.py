"""What a scanner hands in: read into observations, then decided which of them open a case. Pure."""
