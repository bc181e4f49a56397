"""Do the layers of both processors draw the same bytes? arm64 runs under an emulator, without root."""
