"""The whole service in one thread and virtual time: real handlers, SDK and retries; AWS is a small model that fails."""
