"""Training certificates for a learning portal, in six layers: domain, messages, aws, document, usecases, api."""
