"""The local stack: the real template on an AWS emulator, the portal's issuer in miniature, and the demo."""
