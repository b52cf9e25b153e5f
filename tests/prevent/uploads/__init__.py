"""What scanners hand in."""
