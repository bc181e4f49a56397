"""Operator commands for a stack on AWS or this machine; docs/runbook.md says when to use them."""
