"""What organisations meet when they share an assessment: the template, and the check before it is sent."""
