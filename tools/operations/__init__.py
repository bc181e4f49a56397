"""What an operator does with a running stack, on AWS and on the local stack alike; docs/runbook.md says when."""
