"""Models of DynamoDB, S3, SQS and EventBridge, and the hook that connects the SDK to them."""
