"""What the service costs: requests and capacity counted while the real handlers run, times list prices."""
