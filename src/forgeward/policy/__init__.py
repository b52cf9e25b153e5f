"""What is promised, and the deadlines that follow from it. Pure: time and files are passed in."""
