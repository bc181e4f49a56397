"""What a design folder makes of sample certificates: `make preview`."""
