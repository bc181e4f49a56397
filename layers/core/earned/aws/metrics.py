"""Custom CloudWatch metrics."""

NAMESPACE = "Earned"
