"""The local stack: the deployed template on an AWS emulator, a small token issuer, the demo and the outage drill."""
